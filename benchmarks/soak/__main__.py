"""Runs at 70 % of the peak rate, with two failures, and looks for what grows.

    .venv/bin/python -m benchmarks.soak [--minutes 20]

People sign in, apps exchange, refresh and revoke, so that nothing stays and Redis can be flat. A
master dies after a third of the time, another one hangs after two. Writes `results/soak.json` and
`.md`. The exit status is 1 if something grew, or failed outside a failure.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.harness import machine, table
from benchmarks.servers import RESULTS, running_servers
from benchmarks.soak.judging import complaints, summary
from benchmarks.soak.windows import Soak

LOAD = 0.7


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--window-seconds", type=int, default=10, help="between two looks")
    options = parser.parse_args()
    machine.check_machine()
    machine.take_load_core()
    with (
        tempfile.TemporaryDirectory(prefix="gatehouse-soak-") as directory,
        running_servers(Path(directory), ["gatehouse"], replicas=2) as running,
    ):
        soak = Soak(running["gatehouse"].asked, Path(directory), options.window_seconds)
        windows = soak.run(60 * options.minutes, LOAD)
    rows, found = summary(windows), complaints(windows)
    print(f"\n{table.text(rows)}\n")
    for complaint in found:
        print(f"NOT AS IT SHOULD BE: {complaint}")
    RESULTS.mkdir(exist_ok=True)
    document = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine.description(),
        "minutes": options.minutes,
        "peak": soak.peak,
        "load": LOAD,
        "complaints": found,
        "windows": [asdict(window) for window in windows],
    }
    (RESULTS / "soak.json").write_text(json.dumps(document, indent=1) + "\n")
    (RESULTS / "soak.md").write_text(table.markdown(rows) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
