"""Ends connections of this process that its server would wait on for ever. Linux only.

The server does not tell which connection a request came by, and ends none by itself while it waits
for a body. The kernel knows since when nothing has come in on a connection, and gone out.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterator, Set
from contextlib import suppress
from fcntl import ioctl
from pathlib import Path
from termios import FIONREAD

from authserver.forwarded import plain_address

KNOWN_SECONDS = 2.0
"""A connection must have been known for so long: a new one may have waited in the kernel's queue,
and its request be old when it is accepted."""

_FILES = Path("/proc/self/fd")
_LAST_DATA_SENT, _LAST_DATA_RECEIVED = 44, 52
"""Where `struct tcp_info` has them, each four bytes: milliseconds ago (linux/tcp.h)."""


class Connections:
    """The connections that others have made to a port of this process."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._known: dict[str, float] = {}  # by the name of the socket: since when

    def forget(self) -> None:
        """Begin anew: nobody looks at them for a while."""
        self._known.clear()

    def look(self) -> None:
        """Note which there are now."""
        now, known = time.monotonic(), self._known
        self._known = {name: known.get(name, now) for name, _ in _sockets()}

    def end_unanswered(self, peers: Set[str], seconds: float) -> None:
        """End those from these addresses on which nothing has gone out for so long.

        Among them are those whose request has not arrived in that time, and idle ones, which may
        end at any time anyway (RFC 9112 section 9.5).
        """
        for connection in self._old_ones():
            with suppress(OSError):
                address = plain_address(connection.getpeername()[0])
                sent = _milliseconds(connection, _LAST_DATA_SENT)
                if address in peers and sent >= seconds * 1000:
                    connection.shutdown(socket.SHUT_RD)

    def end_idle(self, seconds: float) -> None:
        """End those on which nothing has come or gone for so long."""
        for connection in self._old_ones():
            with suppress(OSError):
                sent = _milliseconds(connection, _LAST_DATA_SENT)
                received = _milliseconds(connection, _LAST_DATA_RECEIVED)
                if min(sent, received) >= seconds * 1000:
                    connection.shutdown(socket.SHUT_RD)

    def _old_ones(self) -> Iterator[socket.socket]:
        """Yield those that are known for a while, and on which the server waits for the client.

        Where bytes lie unread it is the other way round: they wait for the server, which has
        accepted a connection and is not free to serve it. What ends meanwhile is skipped.
        """
        now = time.monotonic()
        for name, number in _sockets():
            if now - self._known.get(name, now) < KNOWN_SECONDS:
                continue
            with suppress(OSError), socket.socket(fileno=os.dup(number)) as connection:
                if connection.type == socket.SOCK_STREAM and self._is_waited_for(connection):
                    yield connection

    def _is_waited_for(self, connection: socket.socket) -> bool:
        if connection.family not in (socket.AF_INET, socket.AF_INET6):
            return False
        is_listening = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        if is_listening or connection.getsockname()[1] != self._port:
            return False
        return ioctl(connection, FIONREAD, b"\0\0\0\0") == b"\0\0\0\0"


def number_of_files() -> int:
    """Return how many files this process has open, connections included."""
    return len(os.listdir(_FILES))  # noqa: PTH208  half the time, and no objects


def _sockets() -> Iterator[tuple[str, int]]:
    """Yield the name of each socket, which is never used again, and its number."""
    for number in os.listdir(_FILES):  # noqa: PTH208
        with suppress(OSError):
            name = os.readlink(f"/proc/self/fd/{number}")  # noqa: PTH115
            if name.startswith("socket:"):
                yield name, int(number)


def _milliseconds(connection: socket.socket, offset: int) -> int:
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    value: int = struct.unpack_from("=I", info, offset)[0]
    return value
