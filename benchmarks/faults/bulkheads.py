"""Whether the trouble of one master slows the people of other shards.

    .venv/bin/python -m benchmarks.faults.bulkheads [--strikes 5] [--rate 120] [--publish]

An open-loop load: requests arrive by the clock, whether or not others are still waiting, and each
one's time counts from when it was due. So a stall of the server shows in everything that came
meanwhile.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING

from benchmarks.faults.__main__ import PAGE, set_up_django
from benchmarks.harness.pages import replace_part

if TYPE_CHECKING:
    from tests.reliability.lab.client import Client
    from tests.reliability.lab.experiment import Experiment, Strike
    from tests.reliability.lab.history import Operation
    from tests.reliability.lab.holdings import Family

FAULTS = ("master-dies", "master-hangs")
CALM_SECONDS = 5.0
CALLERS = 64
"""So many that no request waits for another one's caller."""


@dataclass(frozen=True)
class Arrival:
    """One request of somebody. `seconds`: from when it was due to its answer."""

    due: float
    seconds: float
    actor: str
    operation: Operation


@dataclass(frozen=True)
class Somebody:
    """A person with an app."""

    client: Client
    family: Family
    name: str

    def ask(self, number: int) -> Operation:
        """Need no shard but the person's own: introspect, and every fourth time refresh."""
        if number % 4:
            return self.client.read(self.family, introspect=True)
        return self.client.refresh(self.family)


@dataclass
class Seen:
    """What was seen of one fault, in milliseconds."""

    calm: list[float] = field(default_factory=list)
    during: list[float] = field(default_factory=list)
    others_statuses: list[int] = field(default_factory=list)
    struck_statuses: list[int] = field(default_factory=list)

    def take(self, arrivals: Sequence[Arrival], strike: Strike) -> None:
        for arrival in arrivals:
            is_struck = arrival.actor in strike.struck
            if strike.started - CALM_SECONDS < arrival.due < strike.started and not is_struck:
                self.calm.append(1000 * arrival.seconds)
            if strike.started <= arrival.due <= strike.ended:
                statuses = self.struck_statuses if is_struck else self.others_statuses
                statuses.append(arrival.operation.status)
                if not is_struck:
                    self.during.append(1000 * arrival.seconds)

    def row(self) -> str:
        calm, during = quantiles(self.calm, n=100), quantiles(self.during, n=100)
        cells = [
            f"{len(self.during):,}",
            f"{calm[49]:.0f} ms, {during[49]:.0f} ms",
            f"{calm[98]:.0f} ms, {during[98]:.0f} ms",
            f"{max(self.calm):.0f} ms, {max(self.during):.0f} ms",
            _shares(self.others_statuses),
            _shares(self.struck_statuses),
        ]
        return " | ".join(cells)


def _shares(statuses: Sequence[int]) -> str:
    return ", ".join(f"{statuses.count(status) / len(statuses):.1%}" for status in (200, 503))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--strikes", type=int, default=5, help="of each fault (default 5)")
    parser.add_argument("--rate", type=float, default=120, help="requests a second (default 120)")
    parser.add_argument("--publish", action="store_true", help=f"write into {PAGE.name}")
    options = parser.parse_args()
    set_up_django()
    text = "\n".join(_measured(options.strikes, options.rate))
    print(text)
    if options.publish:
        replace_part(PAGE, "bulkheads", text)


def _measured(strikes: int, rate: float) -> Iterator[str]:
    from benchmarks.faults.settings import PROMISED, SETTINGS
    from tests.reliability.lab.experiment import Bench
    from tests.reliability.lab.faults import named

    yield (
        f"Measured on {datetime.now(UTC):%d %B %Y}: {rate:.0f} requests a second, "
        f"{strikes} strikes of each kind, one server with one worker."
    )
    yield ""
    yield (
        "| what happens | requests of others | p50: calm, during | p99: calm, during "
        "| worst: calm, during | others: answered, 503 | struck: answered, 503 |"
    )
    yield "|---|--:|--:|--:|--:|--:|--:|"
    with tempfile.TemporaryDirectory(prefix="gatehouse-bulkheads-") as directory:
        bench = Bench(Path(directory), people_per_shard=4)
        for name in FAULTS:
            with bench.experiment(SETTINGS[PROMISED].setting()) as experiment:
                seen = Seen()
                for _ in range(strikes):
                    _strike(experiment, name, rate, seen)
            yield f"| {named(name).title} | {seen.row()} |"


def _strike(experiment: Experiment, name: str, rate: float, seen: Seen) -> None:
    from tests.reliability.lab.experiment import Strike
    from tests.reliability.lab.faults import named

    people = [_somebody(experiment, number) for number in range(len(experiment.world.people))]
    with _arriving(people, rate) as arrivals:
        threading.Event().wait(CALM_SECONDS + 1)
        started = time.monotonic()
        with named(name).strike(experiment):
            strike = Strike(started, time.monotonic(), experiment.struck)
    seen.take(arrivals, strike)
    experiment.cluster.make_whole()


def _somebody(experiment: Experiment, number: int) -> Somebody:
    from tests.reliability.lab.client import Client

    name = f"actor-{number + 1}"
    client = Client(experiment.world, experiment.world.people[number], name)
    _, session = client.sign_in()
    _, code = client.authorize(session, offline=True)
    return Somebody(client, client.redeem(code)[1], name)


@contextmanager
def _arriving(people: Sequence[Somebody], rate: float) -> Iterator[list[Arrival]]:
    """Let requests arrive while the block runs; yields those that were answered so far."""
    arrivals: list[Arrival] = []
    over = threading.Event()

    def ask(number: int, due: float) -> None:
        somebody = people[number % len(people)]
        operation = somebody.ask(sum(divmod(number, len(people))))
        arrivals.append(Arrival(due, operation.ended - due, somebody.name, operation))

    def arrive(callers: ThreadPoolExecutor) -> None:
        number, due = 0, time.monotonic()
        while not over.wait(max(due - time.monotonic(), 0)):
            callers.submit(ask, number, due)
            number, due = number + 1, due + 1 / rate

    with ThreadPoolExecutor(CALLERS) as callers:
        clock = threading.Thread(target=arrive, args=(callers,))
        clock.start()
        try:
            yield arrivals
        finally:
            over.set()
            clock.join()


if __name__ == "__main__":
    main()
