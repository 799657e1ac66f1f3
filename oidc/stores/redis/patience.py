"""How long one call waits for a cluster that does not answer as it should."""

from __future__ import annotations

import random
import threading
import time
from typing import Self

from oidc.metrics import STORE_RETRIES
from oidc.stores.redis.counters import counters
from oidc.stores.redis.unavailable import Reason, unavailable
from oidc.waiting_room import WaitingRoom

_FIRST_PAUSE_SECONDS = 0.01
_LONGEST_PAUSE_SECONDS = 0.25
MOMENT_SECONDS = 0.15
NOWHERE = ""
"""Where those wait who do not even know whom for."""


class Patience:
    """A deadline, and pauses that grow, jittered, until it has passed.

    A context: its seat in the waiting room is free again afterwards.
    """

    __slots__ = ("_deadline", "_pause", "_room", "_seat", "seconds")

    def __init__(self, seconds: float, room: WaitingRoom) -> None:
        self.seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._pause = _FIRST_PAUSE_SECONDS
        self._room = room
        self._seat: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._seat is not None:
            self._room.leave(self._seat)

    def remaining(self) -> float:
        return self._deadline - time.monotonic()

    def wait(self, reason: str, node: str = NOWHERE, event: threading.Event | None = None) -> None:
        """Pause before the next attempt, and at least until `event`, if there is time.

        Most of what a changing cluster answers passes within a moment; after that it takes a seat.

        Raises:
            StoreUnavailable: the deadline has passed, or too many wait already.
        """
        if self.seconds - self.remaining() >= MOMENT_SECONDS:
            self.take_a_seat(reason, node)
        pause = self._pause * random.uniform(0.5, 1.0)  # noqa: S311  jitter
        self._pause = min(self._pause * 2, _LONGEST_PAUSE_SECONDS)
        if event is not None:
            started = time.monotonic()
            event.wait(max(self.remaining(), 0))
            pause -= time.monotonic() - started
        if pause >= self.remaining():
            raise unavailable(Reason.NO_ANSWER, f"no answer within {self.seconds} s: {reason}")
        counters.retries += 1
        STORE_RETRIES.inc()
        if pause > 0:
            time.sleep(pause)

    def take_a_seat(
        self, trouble: str, node: str, reason: Reason = Reason.TOO_MANY_WAITING
    ) -> None:
        """Be one of the few that wait for a node, until the call is over.

        Raises:
            StoreUnavailable: too many wait already.
        """
        if self._seat is not None:
            return
        if not self._room.enter(node):
            raise unavailable(reason, f"too many wait already: {trouble}")
        self._seat = node
