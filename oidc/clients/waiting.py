"""How many threads wait for servers of clients, which may be slow, or slow on purpose.

Anybody can make us ask one, with an assertion or a `request_uri` in a client's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from oidc.errors import RETRY_SHORTLY, ProtocolError
from oidc.waiting_room import WaitingRoom

SEATS, SEATS_FOR_ONE = 3, 2
"""Of a worker's twelve threads: together with those who wait for nodes, never all."""

_room = WaitingRoom(SEATS, SEATS_FOR_ONE)


@contextmanager
def a_seat(address: str) -> Iterator[None]:
    """Hold a seat while this thread waits for the server at an address.

    Raises:
        ProtocolError: 503, because too many wait already.
    """
    if not _room.enter(address):
        raise ProtocolError(
            "temporarily_unavailable",
            "the server of the client is slow; please try again shortly",
            status=503,
            headers=RETRY_SHORTLY,
        )
    try:
        yield
    finally:
        _room.leave(address)
