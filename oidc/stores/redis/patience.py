"""How long one call waits for a cluster that does not answer as it should."""

from __future__ import annotations

import random
import threading
import time
from typing import Self

from oidc.errors import StoreUnavailable
from oidc.metrics import STORE_RETRIES, STORE_UNAVAILABLE
from oidc.stores.redis.counters import counters

_FIRST_PAUSE_SECONDS = 0.01
_LONGEST_PAUSE_SECONDS = 0.25
_MOMENT_SECONDS = 0.15
SEATS = 2
"""Half of the threads of a worker, see the entry point of production."""


class WaitingRoom:
    """Seats for those who wait longer than a moment; who finds none is told at once.

    A server has few threads. If all of them waited for one node, nobody would be left for what the
    other nodes could answer.
    """

    def __init__(self, seats: int = SEATS) -> None:
        self._seats = threading.Semaphore(seats)

    def enter(self) -> bool:
        return self._seats.acquire(blocking=False)

    def leave(self) -> None:
        self._seats.release()


class Patience:
    """A deadline, and pauses that grow, jittered, until it has passed.

    A context: its seat in the waiting room is free again afterwards.
    """

    __slots__ = ("_deadline", "_has_seat", "_pause", "_room", "seconds")

    def __init__(self, seconds: float, room: WaitingRoom) -> None:
        self.seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._pause = _FIRST_PAUSE_SECONDS
        self._room = room
        self._has_seat = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._has_seat:
            self._room.leave()

    def remaining(self) -> float:
        return self._deadline - time.monotonic()

    def wait(self, reason: str, event: threading.Event | None = None) -> None:
        """Pause before the next attempt, and at least until `event`, if there is time.

        Raises:
            StoreUnavailable: the deadline has passed, or too many wait already.
        """
        self._take_a_seat(reason)
        pause = self._pause * random.uniform(0.5, 1.0)  # noqa: S311  jitter
        self._pause = min(self._pause * 2, _LONGEST_PAUSE_SECONDS)
        if event is not None:
            started = time.monotonic()
            event.wait(max(self.remaining(), 0))
            pause -= time.monotonic() - started
        if pause >= self.remaining():
            STORE_UNAVAILABLE.inc()
            raise StoreUnavailable(f"no answer within {self.seconds} s: {reason}")
        counters.retries += 1
        STORE_RETRIES.inc()
        if pause > 0:
            time.sleep(pause)

    def _take_a_seat(self, reason: str) -> None:
        """Wait a moment standing: most of what a changing cluster answers passes within that."""
        waited = self.seconds - self.remaining()
        if self._has_seat or waited < _MOMENT_SECONDS:
            return
        self._has_seat = self._room.enter()
        if not self._has_seat:
            STORE_UNAVAILABLE.inc()
            raise StoreUnavailable(f"too many wait already: {reason}")
