"""How many single-use values of one client a process lets through: each leaves a guard behind.

Counted in the process, where it costs no round trip: what it bounds is memory, and for that the sum
over all processes is bound enough.
"""

from __future__ import annotations

import threading
from collections import Counter

from oidc.conf import configuration
from oidc.errors import ProtocolError
from oidc.windows import retry_after, window_number


class Window:
    """Counts by purpose and client, from zero in each minute. It knows existing clients only."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._number = 0
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, purpose: str, client_id: str) -> int:
        """Count one more, and return how many it were in this minute."""
        number = window_number()
        with self._lock:
            if number != self._number:
                self._number, self._counts = number, Counter()
            self._counts[purpose, client_id] += 1
            return self._counts[purpose, client_id]


_window = Window()


def limit_guards(purpose: str, client_id: str) -> None:
    """Count a value that is good as far as it was looked at, before its guard is stored.

    Raises:
        ProtocolError: 429, until the next minute.
    """
    configured = configuration()
    if not configured.rate_limits:
        return
    if _window.count(purpose, client_id) > configured.replay_guards_per_minute:
        raise ProtocolError(
            "temporarily_unavailable",
            "too many signed requests from this client; please try again later",
            status=429,
            headers=(retry_after(),),
        )
