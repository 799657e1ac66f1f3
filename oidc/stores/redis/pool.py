"""The connections of one process to one node."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from oidc.stores.redis.connection import ConnectionBroken, NodeConnection
from oidc.stores.redis.patience import MOMENT_SECONDS
from oidc.stores.redis.slots import Place
from oidc.stores.redis.slowness import Slowness
from oidc.stores.redis.unavailable import Reason, unavailable

CONNECTIONS_PER_NODE = 6
"""Of a worker's twelve threads: so many may be with one node before anybody knows that it hangs."""
READS, WRITES = 0, 1
"""What slowness is kept of apart: confirmation by replicas takes its own time."""
MOST_WAITING = 2
"""For a connection to a node from which no answer comes: four of the threads are left."""
_TURNS, _QUIET_TURNS, _OWN_TURNS, _TURN_SECONDS = 10, 5, 2, 0.01
"""After so many turns without an answer nobody waits, and only a few. Silence before counts, but a
few turns are watched: when the machine itself stands still, that is one turn, however long."""


class NodePool:
    """At most `limit` connections; the one used last is lent first, so that spare ones rest.

    `trouble`, `trouble_of_writes`: why the last call got no answer, or its write was not confirmed;
    empty once one has come through. `quiet_since`: when the last answer came, or the first call
    after a rest was made. `slowness`: of reads, and of writes with their confirmation.
    """

    def __init__(
        self, place: Place, make: Callable[[], NodeConnection], limit: int = CONNECTIONS_PER_NODE
    ) -> None:
        self.place, self.name = place, place.name
        self._idle = deque(make() for _ in range(limit))
        self._freed = threading.Condition()
        self._limit, self._waiting = limit, 0
        self.quiet_since = 0.0
        self._few_since = self._nobody_since = -1.0
        self.trouble = self.trouble_of_writes = ""
        self._trouble_since = self._trouble_seen_at = 0.0
        self.slowness = (Slowness(self.name, "reads"), Slowness(self.name, "writes"))

    def acquire(self, timeout_seconds: float) -> NodeConnection:
        """Lend a connection, after waiting for one if all are lent. Give it back by `release`.

        Raises:
            ConnectionBroken: none became free in time.
            NodeOverloaded: the node has left all callers without an answer for a while, or for half
                of it, and enough others wait.
        """
        return self.take_idle() or self._next_free(time.monotonic() + timeout_seconds)

    def take_idle(self) -> NodeConnection | None:
        """Lend a connection if one is free. Give it back by `release`."""
        if len(self._idle) == self._limit:
            self.quiet_since = time.monotonic()
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def release(self, connection: NodeConnection) -> None:
        """Take a connection back: one that was used to the end, or a closed one."""
        self._idle.append(connection)
        if self._waiting:
            with self._freed:
                self._freed.notify()

    def _next_free(self, deadline: float) -> NodeConnection:
        quiet_since = self.quiet_since
        turns = int((time.monotonic() - quiet_since) / _TURN_SECONDS)
        turns = min(turns, _QUIET_TURNS - _OWN_TURNS)
        with self._freed:
            self._waiting += 1
            try:
                while True:
                    if (connection := self.take_idle()) is not None:
                        return connection
                    if quiet_since != self.quiet_since:
                        quiet_since, turns = self.quiet_since, 0
                    if turns == _QUIET_TURNS:
                        self._few_since = quiet_since
                    if turns == _TURNS:
                        self._nobody_since = quiet_since
                    is_crowded = self._few_since == quiet_since and self._waiting > MOST_WAITING
                    if is_crowded or self._nobody_since == quiet_since:
                        raise unavailable(Reason.SLOW, "too many wait already: no answer comes")
                    if time.monotonic() >= deadline:
                        raise ConnectionBroken("all connections are in use")
                    self._freed.wait(_TURN_SECONDS)
                    turns += 1
            finally:
                self._waiting -= 1

    def note_trouble(self, trouble: str, *, was_silent: bool) -> None:
        """Remember why a call got no answer. Silence has lasted for a time-out already."""
        if was_silent:
            self._trouble_since = 0.0
        elif not self.trouble:
            self._trouble_since = time.monotonic()
        self.trouble, self._trouble_seen_at = trouble, time.monotonic()

    def is_in_trouble_since(self, moment: float) -> bool:
        """Tell whether a call has got no answer since then (monotonic clock), and none has come."""
        return bool(self.trouble) and self._trouble_seen_at > moment

    def lasting_trouble(self) -> str:
        """Return what is wrong with the node for longer than a moment; mostly nothing."""
        if self.trouble and time.monotonic() - self._trouble_since >= MOMENT_SECONDS:
            return self.trouble
        return ""

    def close_idle(self) -> None:
        """Close what nobody uses: when one connection breaks, its neighbours usually have too."""
        for connection in list(iter(self.take_idle, None)):
            connection.close()
            self.release(connection)
