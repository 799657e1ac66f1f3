"""Ends connections of this process that its server would wait on for ever. Linux only.

The server does not tell which connection a request came by, and ends none by itself while it waits
for a body, or for somebody to read an answer. The kernel knows since when nothing has come in on a
connection, and gone out.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterator, Set
from contextlib import suppress
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path
from termios import FIONREAD, TIOCOUTQ

from authserver.forwarded import plain_address

KNOWN_SECONDS = 2.0
"""A connection must have been known for so long: a new one may have waited in the kernel's queue,
and its request be old when it is accepted."""
READING_SECONDS = 30.0
"""For reading what the server has sent. Shorter: a large style sheet on a bad line does not come
through while there are many connections. Longer: whoever reads slowly keeps more of them."""

_FILES = Path("/proc/self/fd")
_LAST_DATA_SENT, _LAST_DATA_RECEIVED = 44, 52
"""Where `struct tcp_info` has them, each four bytes: milliseconds ago (linux/tcp.h)."""


@dataclass(slots=True)
class _Seen:
    """Since when a connection has been seen again and again as it is, on a monotonic clock."""

    known: float
    unanswered: float | None = None
    """Something has come in, and nothing has gone out after it."""
    unread: float | None = None
    """Something that was sent has not arrived at the client."""


class Connections:
    """The connections that others have made to a port of this process."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._seen: dict[str, _Seen] = {}  # by the name of the socket

    def forget(self) -> None:
        """Begin anew: nobody looks at them for a while."""
        self._seen.clear()

    def look(self) -> None:
        """Note which there are now, and what they wait for."""
        now, before = time.monotonic(), self._seen
        self._seen = {}
        for name, number in _sockets():
            seen = self._seen[name] = before.get(name) or _Seen(known=now)
            with suppress(OSError), socket.socket(fileno=os.dup(number)) as connection:
                if not self._is_ours(connection):
                    continue
                sent, received = _silence(connection)
                seen.unanswered = (seen.unanswered or now) if received < sent else None
                seen.unread = (seen.unread or now) if _bytes(connection, TIOCOUTQ) else None

    def end_waiting(self, seconds: float, peers: Set[str] | None = None) -> None:
        """End those on which the server has waited for the client for so long; with `peers`, only
        those from these addresses.

        Among them are those whose request has not arrived in that time, even if a byte came now and
        then, those that nobody reads, and idle ones, which may end at any time anyway (RFC 9112
        section 9.5). One that has rested, and whose request has just come, is not.
        """
        now = time.monotonic()
        for name, number in _sockets():
            seen = self._seen.get(name)
            if seen is None or now - seen.known < KNOWN_SECONDS:
                continue
            with suppress(OSError), socket.socket(fileno=os.dup(number)) as connection:
                if (
                    self._is_ours(connection)
                    and _is_waited_for(connection, seen, now, seconds)
                    and (peers is None or plain_address(connection.getpeername()[0]) in peers)
                ):
                    _end(connection)

    def _is_ours(self, connection: socket.socket) -> bool:
        if connection.family not in (socket.AF_INET, socket.AF_INET6):
            return False
        if connection.type != socket.SOCK_STREAM:
            return False
        is_listening = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        return not is_listening and connection.getsockname()[1] == self._port


def _is_waited_for(connection: socket.socket, seen: _Seen, now: float, seconds: float) -> bool:
    """Tell whether the server has waited for the client for so long.

    Where bytes lie unread here it is the other way round: they wait for the server, which has
    accepted a connection and is not free to serve it. Unless it has sent an answer that the client
    does not read: then it reads no further request, however many are there.
    """
    if seen.unread is not None and now - seen.unread >= READING_SECONDS:
        return True
    if _bytes(connection, FIONREAD) and not _bytes(connection, TIOCOUTQ):
        return False
    sent, received = _silence(connection)
    is_unanswered = seen.unanswered is not None and now - seen.unanswered >= seconds
    return sent >= seconds and (received >= seconds or is_unanswered)


def _end(connection: socket.socket) -> None:
    """End a connection. What the client has not read is thrown away, or the kernel would go on
    offering it."""
    if not _bytes(connection, TIOCOUTQ):
        connection.shutdown(socket.SHUT_RD)
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.shutdown(socket.SHUT_RDWR)


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


def _silence(connection: socket.socket) -> tuple[float, float]:
    """Return for how many seconds nothing has gone out, and come in."""
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    sent, received = (
        struct.unpack_from("=I", info, offset)[0] / 1000
        for offset in (_LAST_DATA_SENT, _LAST_DATA_RECEIVED)
    )
    return sent, received


def _bytes(connection: socket.socket, queue: int) -> int:
    """Return how many bytes lie in the kernel, unread by us or by the client."""
    number: int = struct.unpack("=i", ioctl(connection, queue, b"\0\0\0\0"))[0]
    return number
