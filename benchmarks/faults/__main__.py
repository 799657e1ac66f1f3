"""Every fault, again and again, in every setting: makes the tables of `docs/reliability.md`.

    .venv/bin/python -m benchmarks.faults --minutes 15

Starts all that it needs and stops it again. Results add up over runs until `--afresh`: each run
goes on where the last one has stopped, also by Ctrl-C. A round takes about an hour.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parents[2]
KEPT, PAGE = ROOT / ".local" / "faults.json", ROOT / "docs" / "reliability.md"


def main() -> None:
    arguments = _arguments()
    set_up_django()
    # Only now: the load builds its requests with the tests' own relying party.
    from benchmarks.faults.report import write_into
    from benchmarks.faults.rounds import Rounds
    from benchmarks.faults.settings import PROMISED
    from benchmarks.faults.tally import Tallies
    from tests.reliability.lab.experiment import Bench

    KEPT.parent.mkdir(exist_ok=True)
    if arguments.afresh:
        KEPT.unlink(missing_ok=True)
    tallies = Tallies.load(KEPT)
    with tempfile.TemporaryDirectory(prefix="gatehouse-faults-") as directory:
        bench = Bench(Path(directory), people_per_shard=arguments.people)
        rounds = Rounds(bench, tallies, 60 * arguments.minutes)
        with suppress(KeyboardInterrupt):
            for _ in rounds.run(arguments.setting, arguments.only):
                tallies.save(KEPT)
    write_into(PAGE, tallies, os.cpu_count() or 1)
    wrong = sum(tally.wrong for tally in tallies.of.get(PROMISED, {}).values())
    sys.exit(f"{wrong} wrong results where the promise is none" if wrong else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=15, help="how long (default 15)")
    parser.add_argument("--people", type=int, default=4, help="at work on each shard (default 4)")
    parser.add_argument("--setting", default="", help="one setting, by its name")
    parser.add_argument("--only", default="", help="one fault, by its name")
    parser.add_argument("--afresh", action="store_true", help="forget the results of other runs")
    return parser.parse_args()


def set_up_django() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    # Not the tests' cluster: every experiment has its own.
    os.environ |= {"REDIS_URL": "redis://127.0.0.1:1", "GATEHOUSE_TEST_REUSE_CLUSTER": "1"}
    django.setup()


if __name__ == "__main__":
    main()
