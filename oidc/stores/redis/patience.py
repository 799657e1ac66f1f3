"""How long one call waits for a cluster that does not answer as it should."""

from __future__ import annotations

import random
import threading
import time

from oidc.errors import StoreUnavailable
from oidc.stores.redis.counters import counters

_FIRST_PAUSE_SECONDS = 0.01
_LONGEST_PAUSE_SECONDS = 0.25


class Patience:
    """A deadline, and pauses that grow, jittered, until it has passed."""

    __slots__ = ("_deadline", "_pause", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._pause = _FIRST_PAUSE_SECONDS

    def remaining(self) -> float:
        return self._deadline - time.monotonic()

    def wait(self, reason: str, event: threading.Event | None = None) -> None:
        """Pause before the next attempt, and at least until `event`, if there is time.

        Raises:
            StoreUnavailable: the deadline has passed.
        """
        pause = self._pause * random.uniform(0.5, 1.0)  # noqa: S311  jitter
        self._pause = min(self._pause * 2, _LONGEST_PAUSE_SECONDS)
        if event is not None:
            started = time.monotonic()
            event.wait(max(self.remaining(), 0))
            pause -= time.monotonic() - started
        if pause >= self.remaining():
            raise StoreUnavailable(f"no answer within {self.seconds} s: {reason}")
        counters.retries += 1
        if pause > 0:
            time.sleep(pause)
