"""Measures scale, and writes `results/scale.json` and `.md`.

    .venv/bin/python -m benchmarks.scale [--only person shards] [--grants 1000000]

What should stay flat is the CPU time of one operation. Rates depend on what shares the machine.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.harness import machine, table
from benchmarks.scale import data, first_sign_in, person, shards, workers
from benchmarks.scale.costs import Effort, Rows
from benchmarks.servers import RESULTS

PARTS: dict[str, Callable[[Path, Effort], Rows]] = {
    "workers": workers.measure,
    "shards": shards.measure,
    "data": data.measure,
    "person": person.measure,
    "sign-in": first_sign_in.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--seconds", type=float, default=3, help="of one repetition")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--grants", type=int, default=1_000_000, help="in Redis, at the most")
    parser.add_argument("--clients", type=int, default=100_000, help="in SQL, at the most")
    parser.add_argument("--people", type=int, default=1_000_000, help="in SQL, at the most")
    options = parser.parse_args()
    machine.check_machine()
    machine.take_load_core()
    effort = Effort(
        options.seconds, options.repetitions, options.grants, options.clients, options.people
    )
    found: dict[str, Rows] = {}
    for name in options.only:
        with tempfile.TemporaryDirectory(prefix="gatehouse-scale-") as directory:
            found[name] = PARTS[name](Path(directory), effort)
        print(f"\n{table.text(found[name])}\n", flush=True)
    _write(found)


def _write(found: dict[str, Rows]) -> None:
    """Add to what other parts have found before."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / "scale.json"
    document: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    at = datetime.now(UTC).isoformat(timespec="seconds")
    for name, rows in found.items():
        document[name] = {"at": at, "machine": machine.description(), "rows": rows}
    path.write_text(json.dumps(document, indent=1) + "\n")
    tables = [f"### {name}\n\n{table.markdown(part['rows'])}" for name, part in document.items()]
    path.with_suffix(".md").write_text("\n\n".join(tables) + "\n")


if __name__ == "__main__":
    main()
