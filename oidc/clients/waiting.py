"""How many threads wait for servers of clients, which may be slow, or slow on purpose.

Anybody can make us ask one, with an assertion or a `request_uri` in a client's name. A worker has
four threads: those that do not wait serve everybody else.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from oidc.errors import ProtocolError

MOST_IN_ALL = 3
MOST_FOR_ONE = 2
RETRY_AFTER_SECONDS = 2


class Places:
    """The threads that wait at present, by the address that they ask at."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()

    @contextmanager
    def place(self, address: str) -> Iterator[None]:
        """Hold a place while this thread waits for a server.

        Raises:
            ProtocolError: 503, because too many wait already.
        """
        self._take(address)
        try:
            yield
        finally:
            self._give_back(address)

    def _take(self, address: str) -> None:
        with self._lock:
            if self._taken[address] >= MOST_FOR_ONE or self._taken.total() >= MOST_IN_ALL:
                raise ProtocolError(
                    "temporarily_unavailable",
                    "the server of the client is slow; please try again shortly",
                    status=503,
                    headers=(("Retry-After", str(RETRY_AFTER_SECONDS)),),
                )
            self._taken[address] += 1

    def _give_back(self, address: str) -> None:
        with self._lock:
            self._taken[address] -= 1
            if not self._taken[address]:
                del self._taken[address]


places = Places()
