"""An open-loop load: requests arrive by the clock, whoever is still waiting.

    python -m benchmarks.faults.arrivals < plan.json

A process of its own with a single thread, so that nothing but the machine can make it late. The
first line of its input is a plan, see `Plan`; it ends when its input does, after the last answer.
Each answer is a line of its output, see `Heard`.
"""

from __future__ import annotations

import json
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlencode

READ, REFRESH = "read", "refresh"
REFRESH_EVERY = 4
LAST_ANSWER_SECONDS = 30.0
_PIECE = 65_536


@dataclass
class App:
    """What one person's app holds. `actor`: whose it is."""

    actor: str
    access_token: str
    refresh_token: str
    is_refreshing: bool = False


@dataclass(frozen=True)
class Plan:
    """Requests a second, to a port of this machine, with the client's Basic credentials."""

    rate: float
    port: int
    authorization: str
    apps: list[dict[str, str]]


@dataclass(frozen=True)
class Heard:
    """One answer. `status`: 0 where none came. Times of the machine's monotonic clock.

    `is_good`: what was asked for was given. `may_come_back`: a 503 says when.
    """

    actor: str
    kind: str
    due: float
    sent: float
    ended: float
    status: int
    is_good: bool
    may_come_back: bool


@dataclass
class Caller:
    """One connection, with at most one request under way."""

    connection: socket.socket
    app: App | None = None
    kind: str = READ
    due: float = 0.0
    sent: float = 0.0
    received: bytearray = field(default_factory=bytearray)

    def answer(self) -> tuple[int, bytes, bytes] | None:
        """Return status, head and body once the answer is whole."""
        head, end, body = bytes(self.received).partition(b"\r\n\r\n")
        if not end or len(body) < _content_length(head):
            return None
        return int(head[9:12]), head.lower(), body


class Arrivals:
    """Sends requests when they are due, each on a connection that nobody waits on."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._apps: Sequence[App] = [App(**app) for app in plan.apps]
        self._selector = selectors.DefaultSelector()
        self._idle: list[Caller] = []
        self._under_way = 0

    def run(self, output: Any) -> None:
        """Send until the input ends, then wait for what is still under way."""
        self._selector.register(sys.stdin, selectors.EVENT_READ)
        number, due, is_open = 0, time.monotonic(), True
        last = 0.0
        while is_open or (self._under_way and time.monotonic() < last):
            # One at a time, so that the answers are heard also by a load that is behind.
            if is_open and due <= time.monotonic():
                self._send(number, due)
                number, due = number + 1, due + 1 / self._plan.rate
            pause = max(due - time.monotonic(), 0) if is_open else 0.1
            for key, _ in self._selector.select(pause):
                if isinstance(key.data, Caller):
                    self._receive(key.data, output)
                else:
                    is_open, last = False, time.monotonic() + LAST_ANSWER_SECONDS
                    self._selector.unregister(sys.stdin)
        for key in self._selector.get_map().values():
            _say(key.data, 0, b"", b"", output)

    def _send(self, number: int, due: float) -> None:
        round_, place = divmod(number, len(self._apps))
        app = self._apps[place]
        caller = self._idle.pop() if self._idle else self._new_caller()
        caller.app, caller.due, caller.kind = app, due, READ
        # One at a time: an app that presents an older token than its last looks like a thief.
        if (round_ + place) % REFRESH_EVERY == 0 and not app.is_refreshing:
            caller.kind, app.is_refreshing = REFRESH, True
        caller.sent = time.monotonic()
        with suppress(OSError):  # broken: what is received next says so
            caller.connection.sendall(self._request(app, caller.kind))
        self._under_way += 1

    def _request(self, app: App, kind: str) -> bytes:
        if kind == REFRESH:
            path = "token"
            form = {"grant_type": "refresh_token", "refresh_token": app.refresh_token}
        else:
            path, form = "introspect", {"token": app.access_token}
        body = urlencode(form)
        return (
            f"POST /oauth2/{path} HTTP/1.1\r\nHost: localhost:{self._plan.port}\r\n"
            f"Authorization: {self._plan.authorization}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def _new_caller(self) -> Caller:
        connection = socket.create_connection(("127.0.0.1", self._plan.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        caller = Caller(connection)
        self._selector.register(connection, selectors.EVENT_READ, caller)
        return caller

    def _receive(self, caller: Caller, output: Any) -> None:
        piece = b""
        with suppress(OSError):
            piece = caller.connection.recv(_PIECE)
        caller.received += piece
        answer = caller.answer() if piece else (0, b"", b"")
        if answer is None:
            return
        status, head, body = answer
        self._under_way -= caller.app is not None
        _say(caller, status, head, body, output)
        caller.app = None
        caller.received.clear()
        if piece and b"connection: close" not in head:
            self._idle.append(caller)
        else:
            self._selector.unregister(caller.connection)
            caller.connection.close()
            if caller in self._idle:
                self._idle.remove(caller)


def _say(caller: Caller, status: int, head: bytes, body: bytes, output: Any) -> None:
    if caller.app is not None:
        print(json.dumps(asdict(_heard(caller, caller.app, status, head, body))), file=output)


def _heard(caller: Caller, app: App, status: int, head: bytes, body: bytes) -> Heard:
    ended = time.monotonic()
    members = json.loads(body) if status == 200 else {}
    if caller.kind == REFRESH:
        app.is_refreshing = False
        is_good = "refresh_token" in members
        if is_good:
            app.access_token = members["access_token"]
            app.refresh_token = members["refresh_token"]
    else:
        is_good = members.get("active") is True
    may_come_back = status == 503 and b"\r\nretry-after: " in head
    return Heard(
        app.actor, caller.kind, caller.due, caller.sent, ended, status, is_good, may_come_back
    )


def _content_length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])


@contextmanager
def started(plan: Plan) -> Iterator[subprocess.Popen[str]]:
    """Run a load in a process of its own. It ends after its input is closed."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.faults.arrivals"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as load:
        assert load.stdin
        load.stdin.write(json.dumps(asdict(plan)) + "\n")
        load.stdin.flush()
        yield load


def main() -> None:
    Arrivals(Plan(**json.loads(sys.stdin.buffer.raw.readline()))).run(sys.stdout)


if __name__ == "__main__":
    main()
