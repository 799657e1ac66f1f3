"""Whether the trouble of one master slows the people of other shards.

    .venv/bin/python -m benchmarks.faults.bulkheads [--strikes 5] [--rate 120 600] [--publish]

An open-loop load: requests arrive by the clock, whether or not others are still waiting, and each
one's time counts from when it was due. So a stall of the server shows in everything that came
meanwhile. Each fault also strikes a second cluster, which no server uses: what is noticed of that
is the work that a fail-over makes for the machine. Leaves with an error if anybody hears anything
but an answer or a 503 with Retry-After.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.faults.__main__ import PAGE, set_up_django
from benchmarks.faults.noticed_elsewhere import CALM_SECONDS, HEADER, RULE, Noticed
from benchmarks.harness.pages import replace_part

if TYPE_CHECKING:
    from tests.reliability.lab.experiment import Bench, Experiment
    from tests.reliability.lab.faults import Fault

FAULTS = ("master-dies", "master-hangs")
HERE, ELSEWHERE = "", ", in a cluster that nobody uses"
PEOPLE_PER_SHARD = 4


def main() -> None:
    options = _options()
    set_up_django()
    # Only now: the load signs in with the tests' own relying party.
    from tests.reliability.lab.experiment import Bench
    from tests.reliability.lab.faults import named

    rows, wrong = [], 0
    with tempfile.TemporaryDirectory(prefix="gatehouse-bulkheads-") as directory:
        bench = Bench(Path(directory), people_per_shard=PEOPLE_PER_SHARD)
        for fault in map(named, FAULTS):
            for (where, rate), noticed in _struck_by(bench, fault, options).items():
                rows.append(f"| {fault.title}{where} | {rate:.0f} | {noticed.row()} |")
                wrong += noticed.wrong
    text = "\n".join(
        [
            f"Measured on {datetime.now(UTC):%d %B %Y}: {options.strikes} strikes of each kind "
            "at each rate, one server with one worker.",
            "",
            HEADER,
            RULE,
            *rows,
        ]
    )
    print(text)
    if options.publish:
        replace_part(PAGE, "bulkheads", text)
    sys.exit(f"{wrong} answers that nobody may get" if wrong else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--strikes", type=int, default=5, help="of each fault (default 5)")
    parser.add_argument(
        "--rate", type=float, nargs="+", default=[120.0], help="requests a second (default 120)"
    )
    parser.add_argument("--publish", action="store_true", help=f"write into {PAGE.name}")
    return parser.parse_args()


def _struck_by(
    bench: Bench, fault: Fault, options: argparse.Namespace
) -> dict[tuple[str, float], Noticed]:
    """Let a fault strike here and elsewhere, at each rate in turn: all see the same machine."""
    noticed = {(where, rate): Noticed() for rate in options.rate for where in (HERE, ELSEWHERE)}
    with _experiments(bench) as experiments:
        for _ in range(options.strikes):
            for (where, rate), one in noticed.items():
                for experiment in experiments.values():
                    experiment.cluster.make_whole()
                _strike(experiments[HERE], experiments[where], fault, rate, one)
    return noticed


@contextmanager
def _experiments(bench: Bench) -> Iterator[dict[str, Experiment]]:
    """Start servers on a cluster, and the cluster beside them that nobody uses."""
    from benchmarks.faults.settings import PROMISED, SETTINGS
    from tests.reliability.lab.experiment import Experiment

    setting = SETTINGS[PROMISED].setting()
    with bench.experiment(setting) as here, bench.cluster(setting) as unused:
        elsewhere = Experiment(setting, here.installation, here.world, unused, here.servers)
        yield {HERE: here, ELSEWHERE: elsewhere}


def _strike(
    loaded: Experiment, victim: Experiment, fault: Fault, rate: float, noticed: Noticed
) -> None:
    from benchmarks.faults.open_load import apps_of, arriving

    with arriving(loaded, apps_of(loaded), rate) as heard:
        time.sleep(CALM_SECONDS + 1)
        started = time.monotonic()
        with fault.strike(victim):
            victim.load.await_each()
            ended = time.monotonic()
    struck = victim.struck if victim is loaded else frozenset()
    noticed.take(heard, struck, started, ended)


if __name__ == "__main__":
    main()
