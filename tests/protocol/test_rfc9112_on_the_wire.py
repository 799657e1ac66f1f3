"""Malformed HTTP at the server of production: refused or answered, never a 500, and it lives on.

RFC 9112 sections 2.2, 3, 6.3, 7.1 and 11.2 (request smuggling).
"""

from __future__ import annotations

import re
import socket
from base64 import b64encode
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from tests.support.stack import Stack

pytestmark = pytest.mark.xdist_group("stack")

FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"


def exchange(stack: Stack, request: bytes, *, hang_up: bool = False) -> bytes:
    """Send bytes on a connection of their own. Returns all that comes back until it is closed.

    A connection that is cut off without a word is as good as an answer. `hang_up`: send no more,
    where the server would wait for more.
    """
    address = urlsplit(stack.issuer)
    received = b""
    with (
        suppress(ConnectionError),
        socket.create_connection((address.hostname, address.port), timeout=5) as connection,
    ):
        connection.sendall(request)
        if hang_up:
            connection.shutdown(socket.SHUT_WR)
        while part := connection.recv(65_536):
            received += part
    return received


def statuses(received: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3})", received)]


@pytest.fixture(scope="module")
def authorization(stack: Stack) -> bytes:
    client = stack.create_client("machine", "--scope", "api")
    pair = f"{client['client_id']}:{client['client_secret']}".encode()
    return b"Authorization: Basic " + b64encode(pair) + b"\r\n"


HOST = b"Host: localhost\r\n"
CLOSE = b"Connection: close\r\n"


def post(headers: bytes, body: bytes) -> bytes:
    return b"POST /oauth2/token HTTP/1.1\r\n" + HOST + CLOSE + FORM + headers + b"\r\n" + body


def get(target: bytes, headers: bytes = HOST, method: bytes = b"GET") -> bytes:
    return method + b" " + target + b" HTTP/1.1\r\n" + CLOSE + headers + b"\r\n"


GOOD = b"grant_type=client_credentials"


def test_7_1_a_chunked_body_without_a_length(stack: Stack, authorization: bytes) -> None:
    chunks = b"".join(b"%x\r\n%s\r\n" % (1, GOOD[n : n + 1]) for n in range(len(GOOD)))
    sent = post(authorization + b"Transfer-Encoding: chunked\r\n", chunks + b"0\r\n\r\n")
    received = exchange(stack, sent)
    assert statuses(received) == [200]
    assert b"access_token" in received


def test_7_1_an_endless_chunked_body_is_too_large(stack: Stack, authorization: bytes) -> None:
    chunk = b"2000\r\n" + b"x" * 8192 + b"\r\n"
    sent = post(authorization + b"Transfer-Encoding: chunked\r\n", chunk * 20 + b"0\r\n\r\n")
    assert statuses(exchange(stack, sent)) == [413]


BROKEN = {
    "length too short": post(b"Content-Length: 10\r\n", GOOD),
    "negative length": post(b"Content-Length: -1\r\n", GOOD),
    "length is text": post(b"Content-Length: ten\r\n", GOOD),
    "two lengths": post(b"Content-Length: 29\r\nContent-Length: 5\r\n", GOOD),
    "length and chunked": post(
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"0\r\n\r\nGET /admin/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ),
    "broken chunk": post(b"Transfer-Encoding: chunked\r\n", b"zz\r\nx\r\n0\r\n\r\n"),
    "unknown coding": post(b"Transfer-Encoding: gzip\r\n", GOOD),
    "bare line feeds": b"POST /oauth2/token HTTP/1.1\nHost: localhost\nConnection: close\n\n",
    "folded header": post(b"X: a\r\n b\r\nContent-Length: 0\r\n", b""),
    "space before colon": post(b"Content-Length : 29\r\n", GOOD),
    "NUL in a header": post(b"X: a\x00b\r\nContent-Length: 0\r\n", b""),
    "carriage return in a header": post(b"X: a\rb\r\nContent-Length: 0\r\n", b""),
    "header without a name": post(b": a\r\nContent-Length: 0\r\n", b""),
    "large header": post(b"X: " + b"a" * 1_000_000 + b"\r\n", b""),
    "raw bytes in the query": get(b"/oauth2/authorize?state=\xff\xfe"),
    "raw bytes in the path": get(b"/interaction/\xff\xfe"),
    "NUL in the path": get(b"/interaction/%00"),
    "space in the path": get(b"/oauth2/authorize x"),
    "no Host": get(b"/accounts/login/", b""),
    "another Host": get(b"/accounts/login/", b"Host: evil.example\r\n"),
    "absolute form": get(b"http://evil.example/oauth2/authorize"),
    "TRACE": get(b"/oauth2/token", method=b"TRACE"),
    "CONNECT": get(b"localhost:80", method=b"CONNECT"),
    "long method": get(b"/oauth2/token", method=b"G" * 5000),
    "TLS": b"\x16\x03\x01\x00\x01\x00\r\n\r\n",
}
UNFINISHED = {
    "HTTP/0.9": b"GET /\r\n",
    "half a header": b"POST /oauth2/token HTTP/1.1\r\nHost: local",
    "nothing": b"",
}


@pytest.mark.parametrize("request_bytes", BROKEN.values(), ids=BROKEN)
def test_broken_requests_are_refused(stack: Stack, request_bytes: bytes) -> None:
    found = statuses(received := exchange(stack, request_bytes))
    assert len(found) <= 1, received[:500]
    assert all(400 <= status < 500 for status in found), received[:500]
    assert statuses(exchange(stack, get(b"/health/live"))) == [200]


@pytest.mark.parametrize("request_bytes", UNFINISHED.values(), ids=UNFINISHED)
def test_unfinished_requests_are_nothing(stack: Stack, request_bytes: bytes) -> None:
    assert statuses(exchange(stack, request_bytes, hang_up=True)) in ([], [400])
    assert statuses(exchange(stack, get(b"/health/live"))) == [200]


def test_a_cut_off_body_is_no_request(stack: Stack, authorization: bytes) -> None:
    sent = post(authorization + b"Content-Length: 60\r\n", GOOD)
    assert b"access_token" not in exchange(stack, sent, hang_up=True)
