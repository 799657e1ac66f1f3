"""Strikes every setting with every fault until the time is over."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from redis.exceptions import RedisError

from benchmarks.faults.settings import SETTINGS
from benchmarks.faults.tally import Tallies
from tests.reliability.lab.experiment import Bench, Experiment, Setting
from tests.reliability.lab.faults import DISTANCES, FAULTS, PARTITIONS, Fault

STRIKES_A_TURN = 2
_NETWORKS: tuple[tuple[dict[str, bool], Sequence[Fault]], ...] = (
    ({}, FAULTS),
    ({"partitioned": True}, PARTITIONS),
    ({"proxied": True}, DISTANCES),
)


class Rounds:
    """Experiments with one installation. Each adds to the tallies.

    A round is over when every fault has had its turn in every setting. It is continued where an
    earlier run has left it.
    """

    def __init__(self, bench: Bench, tallies: Tallies, seconds: float) -> None:
        self._bench, self._tallies = bench, tallies
        self._deadline = time.monotonic() + seconds

    def run(self, setting: str = "", only: str = "") -> Iterator[None]:
        """Go through settings and faults, again and again; yield after each turn.

        `setting`, `only`: the names of one setting, of one fault.
        """
        names = [setting] if setting else list(SETTINGS)
        kinds = [
            (network, [fault for fault in faults if only in ("", fault.name)])
            for network, faults in _NETWORKS
        ]
        while not self._is_over():
            turn = self._least_turns(names, [fault for _, faults in kinds for fault in faults])
            for name in names:
                for network, faults in kinds:
                    setting = replace(SETTINGS[name].setting(), **network)
                    yield from self._experiments(name, setting, faults, turn)

    def _least_turns(self, names: Sequence[str], faults: Sequence[Fault]) -> int:
        return min(self._tallies.at(name, fault.name).turns for name in names for fault in faults)

    def _experiments(
        self, name: str, setting: Setting, faults: Sequence[Fault], turn: int
    ) -> Iterator[None]:
        left = [fault for fault in faults if self._tallies.at(name, fault.name).turns <= turn]
        while left and not self._is_over():
            with self._bench.experiment(setting) as experiment:
                while left and not self._is_over():
                    settled = self._take_turn(name, experiment, left.pop(0))
                    yield
                    if not settled:
                        break  # a fresh cluster for the others

    def _take_turn(self, name: str, experiment: Experiment, fault: Fault) -> bool:
        """Let a fault strike. Returns whether all was well again afterwards."""
        tally = self._tallies.at(name, fault.name)
        tally.turns += 1
        try:
            result = experiment.try_out(fault, STRIKES_A_TURN)
        except (TimeoutError, RedisError, AssertionError) as error:
            tally.unsettled += 1
            _say(f"{name}: {fault.name}: given up: {error}")
            return False
        tally.add(result)
        worst = max(tally.without_service[-STRIKES_A_TURN:])
        operations, wrong = len(result.operations), len(result.violations)
        _say(
            f"{name}: {fault.name}: {operations} operations, {wrong} wrong, "
            f"{worst:.1f} s without service"
        )
        if wrong:
            _say(result.story())
        return True

    def _is_over(self) -> bool:
        return time.monotonic() > self._deadline


def _say(text: str) -> None:
    print(text, flush=True)
