"""Seats for those who wait for somebody slow: a node of Redis, or the server of a client."""

from __future__ import annotations

import threading
from collections import Counter

THREADS = 12
"""Of a worker, see the entry point of production: all bounds on waiting are made for so many."""


class WaitingRoom:
    """Seats for those who wait longer than others; who finds none is told at once.

    A server has few threads. If all of them waited for one, nobody would be left for what does not
    depend on it.
    """

    def __init__(self, seats: int, for_one: int) -> None:
        self.seats, self.for_one = seats, for_one
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    def enter(self, name: str) -> bool:
        """Take a seat among those who wait for this one, if there is one."""
        with self._lock:
            if self._taken.total() == self.seats or self._taken[name] == self.for_one:
                return False
            self._taken[name] += 1
            return True

    def leave(self, name: str) -> None:
        with self._lock:
            self._taken[name] -= 1
            if not self._taken[name]:
                del self._taken[name]
