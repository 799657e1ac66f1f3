"""What a process has read from SQL, for seconds: most requests ask for what the last ones asked."""

from __future__ import annotations

import threading
import time
from typing import Generic, TypeVar

Value = TypeVar("Value")

MOST_VALUES = 10_000


class ShortMemory(Generic[Value]):
    """Values of one process by their id, each for a short time.

    A hit takes no lock. The oldest entry makes room for a new one; since every entry is read anew
    within seconds, that is also, nearly, the one that was not used for the longest time.
    """

    def __init__(self, most_values: int = MOST_VALUES) -> None:
        self._most_values = most_values
        self._entries: dict[str, tuple[float, Value]] = {}
        self._lock = threading.Lock()
        self.changes = 0
        """Counts invalidations, so that a read that was overtaken by a change is not kept."""

    def find(self, key: str) -> Value | None:
        """Return a value that is fresh enough, None otherwise."""
        entry = self._entries.get(key)
        return entry[1] if entry is not None and entry[0] > time.monotonic() else None

    def last_known(self, key: str) -> Value | None:
        """Return a value that may be too old, but was not dropped."""
        entry = self._entries.get(key)
        return entry[1] if entry is not None else None

    def keep(self, key: str, value: Value, lifetime_seconds: float, *, changes: int) -> None:
        """Keep a value that was read when `changes` was the count of changes."""
        with self._lock:
            if changes != self.changes:
                return
            self._entries.pop(key, None)
            while len(self._entries) >= self._most_values:
                del self._entries[next(iter(self._entries))]
            self._entries[key] = (time.monotonic() + lifetime_seconds, value)

    def forget(self, key: str) -> None:
        """Drop one value."""
        with self._lock:
            self.changes += 1
            self._entries.pop(key, None)

    def clear(self) -> None:
        """Drop all values."""
        with self._lock:
            self.changes += 1
            self._entries.clear()
