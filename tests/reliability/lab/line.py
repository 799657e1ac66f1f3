"""A keep-alive connection to one server process, as a `Send` of the protocol tests."""

from __future__ import annotations

import http.client
import select
import socket
from urllib.parse import urlsplit

from tests.support.doors import Answer

TIMEOUT_SECONDS = 60.0
"""Far beyond the server's own deadline: who waits this long has found a server that hangs."""


class Lost(Exception):
    """The connection broke: whether the request was carried out is unknown."""


class Line:
    """Sends one request after the other. Not for several threads at once."""

    def __init__(self, base_url: str) -> None:
        self._host = urlsplit(base_url).netloc
        # The family is known, so that no request pays for a second attempt.
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", urlsplit(base_url).port, timeout=TIMEOUT_SECONDS
        )

    def __call__(
        self, method: str, path: str, query: str, body: bytes, headers: dict[str, str]
    ) -> Answer:
        """Send a request.

        Raises:
            Lost: no whole answer came back.
        """
        target = f"{path}?{query}" if query else path
        try:
            self._close_if_the_server_has()
            if self._connection.sock is None:
                self._connection.connect()
                self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connection.request(method, target, body, {"Host": self._host} | headers)
            response = self._connection.getresponse()
            return Answer(response.status, response.getheaders(), response.read())
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise Lost(type(error).__name__) from error

    def _close_if_the_server_has(self) -> None:
        """A server may close a connection that rests: nobody has lost anything by it."""
        resting = self._connection.sock
        if resting is not None and select.select([resting], [], [], 0)[0]:
            self._connection.close()

    def close(self) -> None:
        self._connection.close()
