"""A relying party's logout endpoint: a real HTTP server that may be down, slow, or wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

WAIT_SECONDS = 20.0


@dataclass(frozen=True)
class Delivery:
    """One request that arrived."""

    path: str
    headers: dict[str, str]
    form: dict[str, list[str]]
    at: float = field(default_factory=time.monotonic)

    @property
    def token(self) -> str:
        return self.form["logout_token"][0]


class Receiver:
    """Notes every delivery, and answers with the next of `statuses`, then with 200.

    Status 0 closes the connection without an answer, as a server does that is being killed.
    """

    def __init__(self, *statuses: int) -> None:
        self.deliveries: list[Delivery] = []
        self.let_go = threading.Event()
        self.let_go.set()
        """Cleared: requests hang until it is set."""
        self._statuses = list(statuses)
        self._arrived = threading.Condition()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer._answer(self)

            def do_GET(self) -> None:
                outer._answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.uri = f"http://localhost:{self._server.server_address[1]}/back-channel"

    def answer_with(self, *statuses: int) -> None:
        """Give these answers next, and forget what has arrived."""
        with self._arrived:
            self.deliveries, self._statuses = [], list(statuses)

    def wait_for(self, count: int, seconds: float = WAIT_SECONDS) -> list[Delivery]:
        """Wait until so many deliveries have arrived. Returns all of them."""
        with self._arrived:
            arrived = self._arrived.wait_for(lambda: len(self.deliveries) >= count, seconds)
            assert arrived, f"{len(self.deliveries)} of {count} arrived"
            return list(self.deliveries)

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("Content-Length", "0"))
        body = request.rfile.read(length)
        if len(body) < length:  # whoever sent it was killed in the middle: nothing has arrived
            return
        delivery = Delivery(request.path, dict(request.headers), parse_qs(body.decode()))
        with self._arrived:
            self.deliveries.append(delivery)
            status = self._statuses.pop(0) if self._statuses else 200
            self._arrived.notify_all()
        self.let_go.wait()
        if status:
            request.send_response(status)
            request.send_header("Content-Length", "0")
            request.send_header("Location", self.uri)
            request.end_headers()
        else:
            request.close_connection = True

    @contextmanager
    def serving(self) -> Iterator[Receiver]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            self.let_go.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()


@contextmanager
def receiving(*statuses: int) -> Iterator[Receiver]:
    """Run a receiver until the block ends."""
    with Receiver(*statuses).serving() as receiver:
        yield receiver
