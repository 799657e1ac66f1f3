"""The connections of one process to one node."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from oidc.stores.redis.connection import ConnectionBroken, NodeConnection

CONNECTIONS_PER_NODE = 64


class NodePool:
    """At most `limit` connections; the one used last is lent first, so that spare ones rest.

    `trouble`, `trouble_of_writes`: why the last call has waited for an answer, or for its write to
    be confirmed, in vain; empty once one has come through.
    """

    def __init__(
        self, name: str, make: Callable[[], NodeConnection], limit: int = CONNECTIONS_PER_NODE
    ) -> None:
        self.name = name
        self._make = make
        self._idle: deque[NodeConnection] = deque()
        self._free = threading.Semaphore(limit)
        self.trouble = self.trouble_of_writes = ""

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
