"""The load's own HTTP client: each answer is read whole or the request is lost, and sent once."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

from tests.reliability.lab.answers import AnswerReader, Malformed
from tests.reliability.lab.line import Line, Lost
from tests.support.doors import Browser

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
NEVER_SECONDS = 60.0


def reader_of(raw: bytes, piece: int) -> AnswerReader:
    pieces = iter([raw[at : at + piece] for at in range(0, len(raw), piece)])
    return AnswerReader(lambda size: next(pieces, b""))


WHOLE = {
    "with a length": (OK, 200, b"ok", True),
    "an empty body": (b"HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n", 302, b"", True),
    "a status that has no body": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", True),
    "a status without words": (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, b"", True),
    "after an interim answer": (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, b"ok", True),
    "chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
        b"2\r\nok\r\nA;name=value\r\n0123456\r\n9\r\n0\r\n\r\n",
        200,
        b"ok0123456\r\n9",
        True,
    ),
    "chunks and trailers": (
        CHUNKED + b"2\r\nok\r\n0\r\nA: b\r\nC: d\r\n\r\n",
        200,
        b"ok",
        True,
    ),
    "neither length nor chunks": (b"HTTP/1.1 200 OK\r\n\r\nto the end", 200, b"to the end", False),
    "the last of a connection": (
        b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nok",
        200,
        b"ok",
        False,
    ),
    "an older protocol": (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", False),
    "more than was announced": (OK + b"!", 200, b"ok", False),
}
BROKEN = {
    "nothing": b"",
    "half a head": OK[:20],
    "half a body": OK[:-1],
    "half a chunk": CHUNKED + b"4\r\nok",
    "no last chunk": CHUNKED + b"2\r\nok\r\n",
    "a chunk of no size": CHUNKED + b"x\r\nok\r\n0\r\n\r\n",
    "less than nothing": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nok",
    "no status": b"HTTP/1.1 OK\r\nContent-Length: 2\r\n\r\nok",
    "another protocol": b"SSH-2.0-x\r\n\r\n",
}


@pytest.mark.parametrize("piece", [1, 1000])
@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_answer_is_read(name: str, piece: int) -> None:
    raw, status, body, may_go_on = WHOLE[name]
    reader = reader_of(raw, len(raw) if name == "more than was announced" else piece)
    answer = reader.read()
    assert (answer.status, answer.body, reader.may_go_on) == (status, body, may_go_on)


@pytest.mark.parametrize("piece", [1, 1000])
@pytest.mark.parametrize("name", BROKEN)
def test_an_answer_that_is_not_whole_is_none(name: str, piece: int) -> None:
    with pytest.raises(Malformed):
        reader_of(BROKEN[name], piece).read()


class Server:
    """Gives each connection its answers, one for each request, and then closes it."""

    def __init__(self, connections: Sequence[Sequence[bytes]]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://localhost:{self._listener.getsockname()[1]}"
        self.requests: list[bytes] = []
        self.closed = [threading.Event() for _ in connections]
        self._connections = connections
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        for answers, closed in zip(self._connections, self.closed, strict=True):
            connection, _ = self._listener.accept()
            with connection:
                for answer in answers:
                    if not (request := connection.recv(65536)):
                        break
                    self.requests.append(request)
                    connection.sendall(answer)
            closed.set()

    def end(self) -> None:
        self._listener.close()


Serve = Callable[..., Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[Server] = []

    def start(*connections: Sequence[bytes]) -> Server:
        servers.append(Server(connections))
        return servers[-1]

    yield start
    for server in servers:
        server.end()


def get(line: Line) -> bytes:
    return line("GET", "/", "", b"", {}).body


def test_a_request_is_sent_as_it_is(serve: Serve) -> None:
    server = serve([OK])
    Line(server.url)("POST", "/a", "b=c", b"d=e", {"Cookie": "f=g"})
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    first, *headers = head.decode().split("\r\n")
    assert (first, body) == ("POST /a?b=c HTTP/1.1", b"d=e")
    assert set(headers) == {
        f"Host: {server.url.removeprefix('http://')}",
        "Accept-Encoding: identity",
        "Content-Length: 3",
        "Cookie: f=g",
    }


def test_one_connection_serves_many_requests(serve: Serve) -> None:
    server = serve([OK, OK, OK])
    line = Line(server.url)
    assert [get(line) for _ in range(3)] == [b"ok"] * 3


def test_a_connection_that_was_closed_at_rest_loses_nothing(serve: Serve) -> None:
    server = serve([OK], [OK])
    line = Line(server.url)
    get(line)
    assert server.closed[0].wait(NEVER_SECONDS)
    assert get(line) == b"ok"


def test_a_server_that_says_close_is_not_asked_again_on_that_connection(serve: Serve) -> None:
    closing = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
    server = serve([closing, b"too late"], [OK])
    line = Line(server.url)
    get(line)
    assert get(line) == b"ok"


@pytest.mark.parametrize("half", [b"", OK[:20], OK[:-1]], ids=["nothing", "head", "body"])
def test_a_connection_that_breaks_loses_the_request_which_is_not_repeated(
    serve: Serve, half: bytes
) -> None:
    server = serve([OK, half], [OK])
    line = Line(server.url)
    get(line)
    with pytest.raises(Lost):
        get(line)
    assert len(server.requests) == 2
    assert get(line) == b"ok"


def test_a_server_that_is_not_there_loses_the_request(serve: Serve) -> None:
    server = serve()
    server.end()
    with pytest.raises(Lost):
        get(Line(server.url))


def test_a_silent_server_loses_the_request_and_what_comes_late_answers_no_other(
    serve: Serve,
) -> None:
    server = serve([b"", b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate"], [OK])
    line = Line(server.url, timeout_seconds=0.05)
    with pytest.raises(Lost, match="Timeout"):
        get(line)
    line.timeout_seconds = NEVER_SECONDS
    assert get(line) == b"ok"


def test_a_browser_keeps_every_cookie_and_follows_no_redirect(serve: Serve) -> None:
    moved = (
        b"HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n"
        b"Set-Cookie: a=1; Path=/; HttpOnly\r\nSet-Cookie: b=2; Path=/\r\n\r\n"
    )
    server = serve([moved, OK])
    browser = Browser(Line(server.url))
    assert browser.get("/").location == "/next"
    browser.get("/again")
    assert b"Cookie: a=1; b=2\r\n" in server.requests[1] + b"\r\n"
