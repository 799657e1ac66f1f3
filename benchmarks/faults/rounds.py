"""Strikes every setting with every fault until the time is over."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from redis.exceptions import RedisError

from benchmarks.faults.settings import SETTINGS
from benchmarks.faults.tally import Tallies
from tests.reliability.lab.experiment import Bench, Setting
from tests.reliability.lab.faults import FAULTS, PARTITION, Fault

STRIKES_A_ROUND = 2
WARM_UP = 25
"""Answers to everybody before a strike: enough to know how long they take in calm."""


class Rounds:
    """Experiments with one installation. Each adds to the tallies."""

    def __init__(self, bench: Bench, tallies: Tallies, seconds: float) -> None:
        self._bench, self._tallies = bench, tallies
        self._deadline = time.monotonic() + seconds

    def run(self, setting: str = "", only: str = "") -> Iterator[None]:
        """Go through settings and faults, again and again; yield after each fault.

        `setting`, `only`: the names of one setting, of one fault.
        """
        whole = [fault for fault in FAULTS if only in ("", fault.name)]
        cut = [PARTITION] if only in ("", PARTITION.name) else []
        while not self._is_over():
            for name in [setting] if setting else list(SETTINGS):
                compared = SETTINGS[name]
                yield from self._experiment(name, compared.setting(), whole)
                yield from self._experiment(name, compared.setting(partitioned=True), cut)

    def _experiment(self, name: str, setting: Setting, faults: Sequence[Fault]) -> Iterator[None]:
        left = list(faults)
        while left and not self._is_over():
            with self._bench.experiment(setting) as experiment:
                while left and not self._is_over():
                    fault = left.pop(0)
                    tally = self._tallies.at(name, fault.name)
                    try:
                        result = experiment.try_out(fault, STRIKES_A_ROUND, WARM_UP)
                    except (TimeoutError, RedisError) as error:
                        tally.unsettled += 1
                        print(f"{name}: {fault.name}: given up: {error}", flush=True)
                        break  # a fresh cluster for the others
                    tally.add(result)
                    worst = max(tally.without_service[-STRIKES_A_ROUND:])
                    print(
                        f"{name}: {fault.name}: {len(result.operations)} operations, "
                        f"{len(result.violations)} wrong, {worst:.1f} s without service",
                        flush=True,
                    )
                    yield

    def _is_over(self) -> bool:
        return time.monotonic() > self._deadline
