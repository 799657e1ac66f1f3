"""Corrects rates for the changing speed of the server's core.

A virtual core may be a third slower a minute later. A fixed piece of work, timed on the server's
own core before and after each repetition, tells how fast the core is now. A rate is divided by
that, and multiplied by the speed in the middle of the whole run, so that it stays a rate.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import time
from dataclasses import dataclass, field

from benchmarks.harness.machine import SERVER_CORE

CHUNKS = 9
_ROUNDS = 40
_BLOCK = bytes(4096)


@dataclass
class Pacer:
    """Speeds of one core, as they were measured."""

    core: int = SERVER_CORE
    speeds: list[float] = field(default_factory=list)

    def measure(self) -> float:
        """Time the work on the core; return its speed in pieces of work per second.

        The median of several short pieces: a moment in which something else ran says nothing.
        """
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {self.core})
        try:
            speed = statistics.median(1 / _time_of_work() for _ in range(CHUNKS))
        finally:
            os.sched_setaffinity(0, before)
        self.speeds.append(speed)
        return speed

    @property
    def reference(self) -> float:
        """The speed that rates are given for: the median of all."""
        return statistics.median(self.speeds)


def at_reference(rate: float, speed: float, reference: float) -> float:
    """Return what a rate would have been at the reference speed."""
    return rate * reference / speed


def _time_of_work() -> float:
    """A little of what servers do: interpreted loops, dictionaries, and hashing in C."""
    start = time.perf_counter()
    counts: dict[int, int] = {}
    for number in range(_ROUNDS):
        hashlib.sha256(_BLOCK).digest()
        for key in range(number, number + 400):
            counts[key & 63] = counts.get(key & 63, 0) + key
    return time.perf_counter() - start
