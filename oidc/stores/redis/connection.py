"""One connection to one node, for packets that hold several commands.

redis-py opens it (TLS, user, password); from there on we speak to the socket ourselves, because a
packet and its replies cost a third less CPU that way.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import hiredis
from redis import Redis
from redis.backoff import NoBackoff
from redis.connection import Connection
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from oidc.stores.redis.slots import Place

SOCKET_TIMEOUT_SECONDS = 0.5
"""The longest silence of a node: short enough to leave a hung master in time."""
OPTIONS = {
    # Protocol 3 would bring messages that no command asked for.
    "protocol": 2,
    "driver_info": None,
    "socket_timeout": SOCKET_TIMEOUT_SECONDS,
    "socket_connect_timeout": SOCKET_TIMEOUT_SECONDS,
    "retry": Retry(NoBackoff(), 0),
}
"""Of all connections, as redis-py names them."""
_BUFFER_BYTES = 16_384
_INCOMPLETE = object()
_SILENCE = (TimeoutError, RedisTimeoutError)


class ConnectionBroken(Exception):
    """The connection failed and was closed. Whether the command was carried out is unknown.

    `was_silent`: the node has kept us waiting until the time-out.
    """

    def __init__(self, text: str, *, was_silent: bool = False) -> None:
        super().__init__(text)
        self.was_silent = was_silent


class ReplyError(Exception):
    """An error that a node answered: a value among other replies, until somebody raises it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.code, _, self.message = text.partition(" ")


class NodeConnection:
    """Sends a packet and reads all its replies, or closes: nobody gets another one's reply."""

    __slots__ = ("_buffer", "_connection", "_owed", "_reader", "_socket")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._socket: socket.socket | None = None
        self._reader: Any = None
        self._buffer = bytearray(_BUFFER_BYTES)
        self._owed = 0

    def exchange(self, packet: bytes, count: int) -> list[Any]:
        """Send a packet of `count` commands; return as many replies, errors as `ReplyError`.

        Raises:
            ConnectionBroken: not connected, closed, or silent for longer than the timeout.
        """
        try:
            connected = self._socket or self._open()
            connected.sendall(packet)
            while self._owed:
                self._read(connected)
                self._owed -= 1
            replies = [self._read(connected) for _ in range(count)]
            if self._reader.has_data():
                raise ConnectionBroken("unexpected data")
        except (OSError, RedisError, hiredis.HiredisError) as error:
            self.close()
            was_silent = isinstance(error, _SILENCE)
            raise ConnectionBroken(type(error).__name__, was_silent=was_silent) from error
        except BaseException:
            self.close()
            raise
        return replies

    def post(self, command: bytes) -> None:
        """Send a command whose reply, even an error, matters to nobody; the next exchange skips it.

        A connection that breaks here is closed, and that is all.
        """
        if self._socket is None:
            return
        try:
            self._socket.sendall(command)
            self._owed += 1
        except OSError:
            self.close()

    def close(self) -> None:
        """Close; the next exchange opens it again."""
        self._socket = None
        self._owed = 0
        self._connection.disconnect()

    def _open(self) -> socket.socket:
        self._connection.connect()
        # The only way to the socket that redis-py has opened.
        self._socket = self._connection._get_socket()
        self._reader = hiredis.Reader(
            replyError=ReplyError, encoding="utf-8", notEnoughData=_INCOMPLETE
        )
        if self._socket is None:
            raise ConnectionBroken("closed")
        return self._socket

    def _read(self, connected: socket.socket) -> Any:
        reader = self._reader
        while (reply := reader.gets()) is _INCOMPLETE:
            size = connected.recv_into(self._buffer)
            if size == 0:
                raise ConnectionBroken("closed by the node")
            reader.feed(self._buffer, 0, size)
        return reply


def connector(options: dict[str, Any]) -> Callable[[Place], NodeConnection]:
    """Return what makes a connection to a node, not open yet. `options`: of an `Address`."""

    def connect(place: Place) -> NodeConnection:
        untyped: Any = Redis
        connections = untyped(**place._asdict(), **(OPTIONS | options)).connection_pool
        return NodeConnection(connections.connection_class(**connections.connection_kwargs))

    return connect
