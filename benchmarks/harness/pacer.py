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


@dataclass(frozen=True)
class Speed:
    """Pieces of work a second: by the clock, and of CPU time.

    Where something else shares the core, the clock says less, and CPU time the same.
    """

    by_clock: float
    of_cpu: float

    def between(self, other: Speed) -> Speed:
        """Return the middle of two."""
        return Speed((self.by_clock + other.by_clock) / 2, (self.of_cpu + other.of_cpu) / 2)


@dataclass
class Pacer:
    """Speeds of one core, as they were measured."""

    core: int = SERVER_CORE
    speeds: list[Speed] = field(default_factory=list)

    def measure(self) -> Speed:
        """Time the work on the core.

        The median of several short pieces: a moment in which something else ran says nothing.
        """
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {self.core})
        try:
            times = [_times_of_work() for _ in range(CHUNKS)]
        finally:
            os.sched_setaffinity(0, before)
        clock, cpu = (statistics.median(column) for column in zip(*times, strict=True))
        self.speeds.append(Speed(1 / clock, 1 / cpu))
        return self.speeds[-1]

    @property
    def reference(self) -> Speed:
        """The speed that figures are given for: the median of all."""
        return Speed(
            statistics.median(speed.by_clock for speed in self.speeds),
            statistics.median(speed.of_cpu for speed in self.speeds),
        )

    def range(self) -> str:
        """Say how much the speed changed."""
        speeds = [speed.by_clock / self.reference.by_clock for speed in self.speeds]
        return f"from {min(speeds):.2f} to {max(speeds):.2f} times its median speed"


def at_reference(rate: float, speed: Speed, reference: Speed) -> float:
    """Return what a rate would have been at the reference speed."""
    return rate * reference.by_clock / speed.by_clock


def cost_at_reference(cpu_seconds: float, speed: Speed, reference: Speed) -> float:
    """Return what CPU time would have been needed at the reference speed."""
    return cpu_seconds * speed.of_cpu / reference.of_cpu


def _times_of_work() -> tuple[float, float]:
    """A little of what servers do: interpreted loops, dictionaries, and hashing in C.

    Returns the seconds by the clock, and of CPU time.
    """
    clock, cpu = time.perf_counter(), time.thread_time()
    counts: dict[int, int] = {}
    for number in range(_ROUNDS):
        hashlib.sha256(_BLOCK).digest()
        for key in range(number, number + 400):
            counts[key & 63] = counts.get(key & 63, 0) + key
    return time.perf_counter() - clock, time.thread_time() - cpu
