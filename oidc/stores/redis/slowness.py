"""Whether a node is slow: a moving average of how long its calls take.

A slow node may keep no more callers than there are seats for it; who finds no seat is told at once.
So nobody queues for long, neither at the node nor for a thread of the server.
"""

from __future__ import annotations

import threading

import structlog

log = structlog.get_logger(__name__)

SLOW_SECONDS = 0.15
QUICK_SECONDS = 0.05
"""Under this it is quick again: far enough below that nobody hears of each single call."""
_WEIGHT = 1 / 8


class Slowness:
    """How long calls of one kind take at a node at present."""

    __slots__ = ("_kind", "_lock", "_node", "_usual_seconds", "is_slow")

    def __init__(self, node: str, kind: str) -> None:
        self._node, self._kind = node, kind
        self._usual_seconds = 0.0
        self._lock = threading.Lock()
        self.is_slow = False

    def note(self, seconds: float) -> None:
        """Take an answer into account. Two threads may lose one of theirs: there are more."""
        usual = self._usual_seconds + (seconds - self._usual_seconds) * _WEIGHT
        self._usual_seconds = usual
        if self.is_slow:
            if usual < QUICK_SECONDS:
                self._turn(False)
        elif usual > SLOW_SECONDS:
            self._turn(True)

    def _turn(self, is_slow: bool) -> None:
        with self._lock:
            if self.is_slow is is_slow:
                return
            self.is_slow = is_slow
        write = log.warning if is_slow else log.info
        write("store_slow" if is_slow else "store_quick", node=self._node, calls=self._kind)
