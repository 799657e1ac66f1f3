"""Puts the results of the last `make bench` into `docs/performance.md`.

.venv/bin/python -m benchmarks.publish
"""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path

from benchmarks.servers import RESULTS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
PLOT = PAGE.parent / "images" / "performance.svg"
_BEGIN, _END = "<!-- measured: begin -->", "<!-- measured: end -->"


def main() -> None:
    results = json.loads((RESULTS / "bench.json").read_text())
    tables = (RESULTS / "bench.md").read_text().strip()
    errors = sum(one["errors"] for servers in results["paths"].values() for one in servers.values())
    checked = sum(
        one["tokens_checked"] for servers in results["paths"].values() for one in servers.values()
    )
    measured = (
        f"\n{datetime.fromisoformat(results['at']):%d %B %Y}, {results['machine']}. "
        f"{errors} errors; {checked:,} token responses verified. The server's core ran "
        f"{results['pacer']['range']}."
        f"\n\n![Operations per second of each server](images/{PLOT.name})\n\n{tables}\n"
    )
    text = PAGE.read_text()
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    PAGE.write_text(f"{before}{_BEGIN}\n{measured}\n{_END}{after}")
    shutil.copy(RESULTS / "bench.svg", PLOT)


if __name__ == "__main__":
    main()
