"""Asks at addresses that clients chose, without lending them a way into our network.

The danger is server-side request forgery. So: the name is resolved once, all its addresses must be
public, and the connection goes to exactly one of these, under the name's own certificate. A name
server that answers differently the second time (DNS rebinding) is not asked a second time. No
redirect is followed, no proxy of the environment is used, and size and time have limits that a slow
sender cannot stretch.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlencode

from accounts.split_url import URL
from oidc.clients.destination import FetchFailed, checked_parts, port_of, resolve

__all__ = ["FetchFailed", "fetch_bytes", "fetch_json", "fetch_text", "post_form"]

MAX_BYTES = 65_536
TIMEOUT_SECONDS = 3.0


def fetch_json(
    url: str, *, max_bytes: int = MAX_BYTES, timeout_seconds: float = TIMEOUT_SECONDS
) -> Any:
    """Return the JSON document at an address.

    Raises:
        FetchFailed: forbidden, unreachable, too slow, too large, not status 200, or not JSON.
    """
    try:
        return json.loads(_fetch(url, max_bytes, timeout_seconds))
    except (ValueError, RecursionError) as error:
        raise FetchFailed("not JSON") from error


def fetch_text(
    url: str, *, max_bytes: int = MAX_BYTES, timeout_seconds: float = TIMEOUT_SECONDS
) -> str:
    """Return the ASCII text at an address, such as a JWT.

    Raises:
        FetchFailed: forbidden, unreachable, too slow, too large, not status 200, or not ASCII.
    """
    try:
        return _fetch(url, max_bytes, timeout_seconds).decode("ascii")
    except UnicodeDecodeError as error:
        raise FetchFailed("not ASCII") from error


def fetch_bytes(
    url: str, *, max_bytes: int = MAX_BYTES, timeout_seconds: float = TIMEOUT_SECONDS
) -> bytes:
    """Return whatever is at an address, whole.

    Raises:
        FetchFailed: forbidden, unreachable, too slow, too large, cut short, or not status 200.
    """
    return _fetch(url, max_bytes, timeout_seconds)


def post_form(url: str, form: Mapping[str, str], *, timeout_seconds: float) -> int:
    """Send a form. Returns the status of the answer, whose body nobody looks at.

    Raises:
        FetchFailed: forbidden, unreachable, or too slow.
    """
    parts = checked_parts(url)
    deadline = time.monotonic() + timeout_seconds
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Connection": "close"}
    try:
        with _connected(parts, deadline) as connection:
            connection.request("POST", _target(parts), urlencode(form), headers)
            return connection.getresponse().status
    except (OSError, HTTPException) as error:
        is_late = time.monotonic() >= deadline
        raise FetchFailed("took too long" if is_late else _no_answer(error)) from error
    except ValueError as error:
        raise FetchFailed("malformed address") from error


def _fetch(url: str, max_bytes: int, timeout_seconds: float) -> bytes:
    parts = checked_parts(url)
    deadline = time.monotonic() + timeout_seconds
    try:
        with _connected(parts, deadline) as connection:
            body = _get(connection, parts, max_bytes)
    except (OSError, HTTPException) as error:
        raise FetchFailed(_no_answer(error)) from error
    except ValueError as error:
        raise FetchFailed("malformed address") from error
    if time.monotonic() > deadline:
        raise FetchFailed("took too long")
    return body


@contextmanager
def _connected(parts: URL, deadline: float) -> Iterator[HTTPConnection]:
    """Connect to an address of the host; cut the connection at the deadline, whatever it does."""
    host, port = parts.hostname, port_of(parts)
    is_https = parts.scheme == "https"
    connection = HTTPSConnection(host, port) if is_https else HTTPConnection(host, port)
    # Given a socket, the connection opens none of its own, and so does not resolve again.
    connection.sock = _open_socket(resolve(parts, deadline), port, deadline)
    timer = threading.Timer(max(deadline - time.monotonic(), 0), _cut, [connection])
    timer.daemon = True
    timer.start()
    try:
        if is_https:
            _begin_tls(connection, host)
        yield connection
    finally:
        timer.cancel()
        connection.close()


def _open_socket(addresses: list[str], port: int, deadline: float) -> socket.socket:
    failure: OSError = TimeoutError("no time left")
    for address in addresses:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            break
        try:
            return socket.create_connection((address, port), timeout=remaining)
        except OSError as error:
            failure = error
    raise failure


def _begin_tls(connection: HTTPConnection, host: str) -> None:
    """Prove that this is the host. The handshake comes last, so that it can be cut, too."""
    wrapped = _tls_context().wrap_socket(
        connection.sock, server_hostname=host, do_handshake_on_connect=False
    )
    connection.sock = wrapped
    wrapped.do_handshake()


@lru_cache(maxsize=1)
def _tls_context() -> ssl.SSLContext:
    return ssl.create_default_context()


def _cut(connection: HTTPConnection) -> None:
    """End whatever waits on this connection: it sees an early end."""
    with suppress(OSError, AttributeError):  # closed, or being closed, already
        connection.sock.shutdown(socket.SHUT_RDWR)


def _get(connection: HTTPConnection, parts: URL, max_bytes: int) -> bytes:
    connection.request("GET", _target(parts), headers={"Accept": "*/*"})
    response = connection.getresponse()
    if response.status != 200:
        raise FetchFailed(f"status {response.status}")
    body = response.read(max_bytes + 1)
    if len(body) > max_bytes:
        raise FetchFailed("too large")
    if response.length:  # the rest of what its Content-Length announced
        raise FetchFailed("cut short")
    return body


def _target(parts: URL) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _no_answer(error: Exception) -> str:
    return f"no answer: {type(error).__name__}"
