"""Puts the results of the last `make bench`, and of the last soak, into `docs/performance.md`.

.venv/bin/python -m benchmarks.publish
"""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from typing import Any

from benchmarks.harness.pages import DOCS, replace_part
from benchmarks.servers import RESULTS

PAGE = DOCS / "performance.md"
PLOT = DOCS / "images" / "performance.svg"


def main() -> None:
    replace_part(PAGE, "measured", _comparison(_results("bench.json")))
    shutil.copy(RESULTS / "bench.svg", PLOT)
    if (RESULTS / "soak.json").exists():
        replace_part(PAGE, "soak", _soak(_results("soak.json")))


def _results(name: str) -> dict[str, Any]:
    results: dict[str, Any] = json.loads((RESULTS / name).read_text())
    return results


def _comparison(results: dict[str, Any]) -> str:
    runs = [one for servers in results["paths"].values() for one in servers.values()]
    errors = sum(one["errors"] for one in runs)
    checked = sum(one["tokens_checked"] for one in runs)
    return (
        f"{_measured_on(results)} {errors} errors; {checked:,} token responses verified. "
        f"The server's core ran {results['pacer']['range']}.\n\n"
        f"![Operations per second of each server](images/{PLOT.name})\n\n"
        f"{(RESULTS / 'bench.md').read_text()}"
    )


def _soak(results: dict[str, Any]) -> str:
    found = "".join(f"\n\nNot as it should be: {one}." for one in results["complaints"])
    return (
        f"{_measured_on(results)} {results['minutes']:.0f} minutes at {results['load']:.0%} of a "
        f"peak of {results['peak']:.0f} visits a second.\n\n"
        f"{(RESULTS / 'soak.md').read_text()}{found}"
    )


def _measured_on(results: dict[str, Any]) -> str:
    return f"{datetime.fromisoformat(results['at']):%d %B %Y}, {results['machine']}."


if __name__ == "__main__":
    main()
