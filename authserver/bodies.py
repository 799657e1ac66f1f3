"""Reads the body of every request before any work on it begins, within bounds of size and time."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from authserver.connections import Connections, number_of_files
from authserver.proxies import PEER
from authserver.refusals import refuse
from authserver.serving import Server
from oidc.doors.body import MAX_BODY_BYTES
from oidc.doors.wsgi import WSGIApplication
from oidc.errors import RETRY_SHORTLY, PageError, ProtocolError
from oidc.waiting_room import WaitingRoom

BODY_SECONDS = 10.0
"""For a whole body. Longer, and who sends none keeps more threads."""
BODY_SECONDS_UNDER_PRESSURE = 2.0
"""The same while more than half of those who may wait do: so many are an attack."""
IDLE_SECONDS = 5.0
"""After which connections that wait for their client end, while more than half of those that may be
there are."""
ADMIN_BODY_BYTES: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
"""A client's page in the admin: a key set and hundreds of addresses, percent-encoded."""

_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_MOST_LENGTH_DIGITS = 10  # Python refuses to read a number of thousands of digits
_KEPT_THREADS = 64
_COSTLY_AT_ONCE = 8
_TICK_SECONDS = 0.5
_log = structlog.get_logger("authserver.bodies")

_TITLE = _("This request was not understood")
_TOO_LARGE = PageError("invalid_request", "the body is too large", title=_TITLE, status=413)
_TOO_SLOW = PageError(
    "invalid_request", "the body of the request did not arrive in time", title=_TITLE, status=408
)
_CUT_SHORT = PageError(
    "invalid_request", "the body is shorter than its Content-Length", title=_TITLE
)
_TOO_MANY = PageError(
    "temporarily_unavailable",
    "the server is receiving too many requests; please try again shortly",
    status=503,
    headers=RETRY_SHORTLY,
)


class Arriving:
    """A body that somebody sends."""

    __slots__ = ("is_late", "peer", "started")

    def __init__(self, peer: str) -> None:
        self.peer = peer
        self.started = time.monotonic()
        self.is_late = False


class WholeBodies:
    """Read the whole body of a request, then let the application work on it.

    Whoever waits for a body occupies a thread of the server, and nothing else: of these there are
    many. What is too large is refused unread, and what does not arrive in time is given up: the
    server has no deadline of its own, and to end the connection is the only way to end its reading.
    """

    def __init__(self, application: WSGIApplication, server: Server) -> None:
        self._application = application
        self._server = server
        kept = max(4, min(_KEPT_THREADS, server.threads // 4))
        self._most = max(1, server.threads - kept)
        self._most_at_once = max(1, server.threads - max(4, kept // 4))
        self._arriving: dict[int, Arriving] = {}
        self._costly = WaitingRoom(_COSTLY_AT_ONCE, _COSTLY_AT_ONCE)

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        try:
            body = self._body(environ)
        except ProtocolError as error:
            answer, reference = refuse(environ, start_response, error)
            _log.info(
                "a body was not read",
                reference=reference,
                status=error.status_code,
                remote_address=environ.get("REMOTE_ADDR", ""),
            )
            return answer
        environ["wsgi.input"] = io.BytesIO(body)
        return self._application(environ, start_response)

    def _body(self, environ: dict[str, Any]) -> bytes:
        """Return the whole body.

        Raises:
            ProtocolError: 400, 408, 413, 503.
        """
        length = environ.get("CONTENT_LENGTH", "")
        if environ["REQUEST_METHOD"] in _WITHOUT_BODY or length == "0":
            return b""
        has_length = length.isascii() and length.isdigit()
        if not has_length and "HTTP_TRANSFER_ENCODING" not in environ and length:
            return b""  # no length at all: the doors refuse it
        most = _most_bytes(environ)
        if has_length and (len(length) > _MOST_LENGTH_DIGITS or int(length) > most):
            raise _TOO_LARGE
        wanted = int(length) if has_length else MAX_BODY_BYTES + 1
        body = self._read(environ, wanted)
        if not has_length and len(body) > MAX_BODY_BYTES:
            raise _TOO_LARGE
        return body

    def _read(self, environ: dict[str, Any], wanted: int) -> bytes:
        arriving = Arriving(environ.get(PEER, ""))
        # HTTP/2 has many requests on one connection, so none of them can be given up by its end.
        is_costly = wanted > MAX_BODY_BYTES + 1 or environ.get("SERVER_PROTOCOL") == "HTTP/2"
        if self._is_full() or (is_costly and not self._costly.enter("")):
            raise _TOO_MANY
        self._arriving[id(arriving)] = arriving
        try:
            body: bytes = environ["wsgi.input"].read(wanted)
        finally:
            del self._arriving[id(arriving)]
            if is_costly:
                self._costly.leave("")
        if arriving.is_late:
            raise _TOO_SLOW
        if len(body) < wanted and environ.get("CONTENT_LENGTH"):
            raise _CUT_SHORT
        return body

    def _is_full(self) -> bool:
        """Tell whether as many wait as may. Bodies that have just begun to arrive do no harm, as
        long as a few threads are left: who waits for one is taken for somebody who sends nothing.
        """
        if len(self._arriving) < self._most:
            return False
        if len(self._arriving) >= self._most_at_once:
            return True
        oldest = next(iter(list(self._arriving.values())), None)
        return oldest is not None and time.monotonic() - oldest.started > _TICK_SECONDS

    # --- The watch --------------------------------------------------------------------------

    def watch(self) -> None:
        """Start the thread that ends what takes too long."""
        if self._server.port:
            threading.Thread(target=self._watch, name="bodies", daemon=True).start()

    def _watch(self) -> None:
        connections = Connections(self._server.port)
        while True:
            time.sleep(_TICK_SECONDS)
            try:
                self._look(connections)
            except OSError as error:  # no file is left to look with: the next look may have one
                _log.error("connections are not watched", reason=str(error))

    def _look(self, connections: Connections) -> None:
        """End what takes too long."""
        late, seconds = self._late_ones()
        there_are_many = number_of_files() > self._server.connections // 2
        if not self._arriving and not there_are_many:
            connections.forget()
            return
        connections.look()
        for each in late:
            each.is_late = True
        if late:
            connections.end_waiting(seconds, {each.peer for each in late})
        if there_are_many:
            connections.end_waiting(IDLE_SECONDS)

    def _late_ones(self) -> tuple[list[Arriving], float]:
        """Return the bodies that have taken too long, and how long that is now."""
        arriving = list(self._arriving.values())
        under_pressure = len(arriving) > self._most // 2
        seconds = BODY_SECONDS_UNDER_PRESSURE if under_pressure else BODY_SECONDS
        now = time.monotonic()
        return [each for each in arriving if now - each.started >= seconds], seconds


def _most_bytes(environ: dict[str, Any]) -> int:
    return ADMIN_BODY_BYTES if environ["PATH_INFO"].startswith("/admin/") else MAX_BODY_BYTES
