"""The connections of one process to one node."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from oidc.stores.redis.connection import ConnectionBroken, NodeConnection
from oidc.stores.redis.patience import MOMENT_SECONDS
from oidc.stores.redis.slowness import Slowness

CONNECTIONS_PER_NODE = 64


class NodePool:
    """At most `limit` connections; the one used last is lent first, so that spare ones rest.

    `trouble`, `trouble_of_writes`: why the last call got no answer, or its write was not confirmed;
    empty once one has come through. `slowness`: of reads, and of writes with their confirmation.
    """

    def __init__(
        self, name: str, make: Callable[[], NodeConnection], limit: int = CONNECTIONS_PER_NODE
    ) -> None:
        self.name = name
        self._make = make
        self._idle: deque[NodeConnection] = deque()
        self._free = threading.Semaphore(limit)
        self.trouble = self.trouble_of_writes = ""
        self._trouble_since = 0.0
        self.slowness = (Slowness(name, "reads"), Slowness(name, "writes"))

    def acquire(self, timeout_seconds: float) -> NodeConnection:
        """Lend a connection, after waiting for one if all are lent. Give it back by `release`.

        Raises:
            ConnectionBroken: none became free in time.
        """
        if not self._free.acquire(timeout=max(timeout_seconds, 0)):
            raise ConnectionBroken("all connections are in use")
        try:
            return self._idle.pop()
        except IndexError:
            return self._make()

    def release(self, connection: NodeConnection) -> None:
        """Take a connection back: one that was used to the end, or a closed one."""
        self._idle.append(connection)
        self._free.release()

    def note_trouble(self, trouble: str, *, was_silent: bool) -> None:
        """Remember why a call got no answer. Silence has lasted for a time-out already."""
        if was_silent:
            self._trouble_since = 0.0
        elif not self.trouble:
            self._trouble_since = time.monotonic()
        self.trouble = trouble

    def lasting_trouble(self) -> str:
        """Return what is wrong with the node for longer than a moment; mostly nothing."""
        if self.trouble and time.monotonic() - self._trouble_since >= MOMENT_SECONDS:
            return self.trouble
        return ""

    def close_idle(self) -> None:
        """Close what nobody uses: when one connection breaks, its neighbours usually have too."""
        for connection in self._take_idle():
            connection.close()
            self._idle.append(connection)

    def _take_idle(self) -> list[NodeConnection]:
        taken = []
        while self._idle:
            try:
                taken.append(self._idle.pop())
            except IndexError:  # another thread was faster
                break
        return taken
