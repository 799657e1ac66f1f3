"""How long one call waits for a cluster that does not answer as it should."""

from __future__ import annotations

import random
import threading
import time
from typing import NamedTuple, Self

from oidc.metrics import STORE_RETRIES
from oidc.stores.redis.counters import counters
from oidc.stores.redis.unavailable import Reason, unavailable
from oidc.waiting_room import WaitingRoom

_FIRST_PAUSE_SECONDS = 0.01
_LONGEST_PAUSE_SECONDS = 0.25
MOMENT_SECONDS = 0.15
SEATS_FOR_A_MOMENT, SEATS, SEATS_FOR_ONE = 6, 6, 4
"""Of a worker's twelve threads: those who wait for long leave some to themselves, even together
with those who wait for servers of clients."""
NOWHERE = ""
"""Where those wait who do not even know whom for."""


class Waiting(NamedTuple):
    """Where those wait who ask a cluster. Of a worker's threads there are always some left.

    `brief`: for a moment, as most of what a changing cluster answers passes by itself. `lasting`:
    until the deadline, if need be.
    """

    brief: WaitingRoom
    lasting: WaitingRoom


def waiting_rooms() -> Waiting:
    """Return the rooms for those who ask one cluster."""
    brief = WaitingRoom(SEATS_FOR_A_MOMENT, SEATS_FOR_A_MOMENT)
    return Waiting(brief, WaitingRoom(SEATS, SEATS_FOR_ONE))


class Patience:
    """A deadline, and pauses that grow, jittered, until it has passed.

    A context: its seat in a waiting room is free again afterwards.
    """

    __slots__ = ("_deadline", "_node", "_pause", "_room", "_rooms", "seconds")

    def __init__(self, seconds: float, rooms: Waiting) -> None:
        self.seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._pause = _FIRST_PAUSE_SECONDS
        self._rooms = rooms
        self._room: WaitingRoom | None = None
        self._node = NOWHERE

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    def remaining(self) -> float:
        return self._deadline - time.monotonic()

    def wait(self, reason: str, node: str = NOWHERE, event: threading.Event | None = None) -> None:
        """Pause before the next attempt, and at least until `event`, if there is time.

        Raises:
            StoreUnavailable: the deadline has passed, or too many wait already.
        """
        if self.seconds - self.remaining() >= MOMENT_SECONDS:
            self.take_a_seat(reason, node)
        elif self._room is None and node != NOWHERE:  # else there is nobody to protect
            self._enter(self._rooms.brief, reason, node, Reason.TOO_MANY_WAITING)
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
        """Be one of the few that wait for a node for long, until the call is over.

        Raises:
            StoreUnavailable: too many wait already.
        """
        if self._room is self._rooms.lasting:
            return
        self._leave()
        self._enter(self._rooms.lasting, trouble, node, reason)

    def _enter(self, room: WaitingRoom, trouble: str, node: str, reason: Reason) -> None:
        if not room.enter(node):
            raise unavailable(reason, f"too many wait already: {trouble}")
        self._room, self._node = room, node

    def _leave(self) -> None:
        if self._room is not None:
            self._room.leave(self._node)
            self._room = None
