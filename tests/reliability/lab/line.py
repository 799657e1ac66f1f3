"""A keep-alive connection to one server process, as a `Send` of the protocol tests.

Lean, because the load shares the machine with what it measures: the standard library's client
spends more on the headers of an answer than the server does on many a request.
"""

from __future__ import annotations

import select
import socket
from urllib.parse import urlsplit

from tests.reliability.lab.answers import AnswerReader, Malformed
from tests.support.doors import Answer

TIMEOUT_SECONDS = 60.0
"""Far beyond the server's own deadline: who waits this long has found a server that hangs."""


class Lost(Exception):
    """The connection broke: whether the request was carried out is unknown."""


class Line:
    """Sends one request after the other. Not for several threads at once."""

    def __init__(self, base_url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        parts = urlsplit(base_url)
        # Who is asked is known by that name everywhere. The family of the address is known, so that
        # no request pays for a second attempt.
        self._host = f"localhost:{parts.port}"
        host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname
        self._address = (host, parts.port)
        self.timeout_seconds = timeout_seconds
        self._connection: socket.socket | None = None
        self._noise = select.poll()

    def __call__(
        self, method: str, path: str, query: str, body: bytes, headers: dict[str, str]
    ) -> Answer:
        """Send a request, once.

        Raises:
            Lost: no whole answer came back.
        """
        target = f"{path}?{query}" if query else path
        lines = [
            f"{method} {target} HTTP/1.1\r\nHost: {self._host}\r\nAccept-Encoding: identity",
            f"Content-Length: {len(body)}",
            *(f"{name}: {value}" for name, value in headers.items()),
            "\r\n",
        ]
        try:
            connection = self._open()
            connection.sendall("\r\n".join(lines).encode("latin-1") + body)
            reader = AnswerReader(connection.recv)
            answer = reader.read()
        except (OSError, Malformed) as error:
            self.close()
            raise Lost(f"{type(error).__name__}: {error}") from error
        if not reader.may_go_on:
            self.close()
        return answer

    def _open(self) -> socket.socket:
        """Return the resting connection, or a new one.

        A server may close a connection that rests: nobody has lost anything by it.
        """
        if self._connection is not None and self._noise.poll(0):
            self.close()
        if self._connection is None:
            connection = socket.create_connection(self._address, self.timeout_seconds)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._noise.register(connection, select.POLLIN)
            self._connection = connection
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._noise.unregister(self._connection)
            self._connection.close()
            self._connection = None
