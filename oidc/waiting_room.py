"""Seats for those who wait for somebody slow: a node of Redis, or the server of a client."""

from __future__ import annotations

import threading
from collections import Counter

SEATS = 3
"""Of the four threads of a worker, see the entry point of production: one is never kept waiting."""
SEATS_FOR_ONE = 2


class WaitingRoom:
    """Seats for those who wait longer than a moment; who finds none is told at once.

    A server has few threads. If all of them waited for one, nobody would be left for what does not
    depend on it.
    """

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    def enter(self, name: str) -> bool:
        """Take a seat among those who wait for this one, if there is one."""
        with self._lock:
            if self._taken.total() == SEATS or self._taken[name] == SEATS_FOR_ONE:
                return False
            self._taken[name] += 1
            return True

    def leave(self, name: str) -> None:
        with self._lock:
            self._taken[name] -= 1
            if not self._taken[name]:
                del self._taken[name]
