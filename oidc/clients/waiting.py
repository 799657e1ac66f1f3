"""How many threads wait for servers of clients, which may be slow, or slow on purpose.

Anybody can make us ask one, with an assertion or a `request_uri` in a client's name. So there are
bulkheads: by purpose, because one client's `request_uri` must not stop another one from proving who
it is; and by client, not by address, because one client may have many addresses.

Where registration is open, anybody makes as many clients as they like. These have a part of each
bulkhead together, so that clients which somebody vouches for always find the rest of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from oidc.errors import RETRY_SHORTLY, ProtocolError
from oidc.waiting_room import WaitingRoom


class Tenant(NamedTuple):
    """In whose name a server is asked. `is_stranger`: nobody vouches for them."""

    name: str
    is_stranger: bool = False


class Bulkhead:
    """The seats of one purpose: for all, for one tenant, for all strangers together."""

    def __init__(self, seats: int, *, for_one: int, for_strangers: int) -> None:
        self.seats, self.for_one, self.for_strangers = seats, for_one, for_strangers
        self._everybody = WaitingRoom(seats, for_one)
        self._strangers = WaitingRoom(for_strangers, 1)

    def enter(self, tenant: Tenant) -> bool:
        """Take a seat, if there is one for this tenant."""
        if tenant.is_stranger and not self._strangers.enter(tenant.name):
            return False
        if self._everybody.enter(tenant.name):
            return True
        if tenant.is_stranger:
            self._strangers.leave(tenant.name)
        return False

    def leave(self, tenant: Tenant) -> None:
        self._everybody.leave(tenant.name)
        if tenant.is_stranger:
            self._strangers.leave(tenant.name)


KEYS = Bulkhead(3, for_one=2, for_strangers=2)
"""`jwks_uri`: without the keys a client can neither prove who it is nor get encrypted tokens."""
DOCUMENTS = Bulkhead(2, for_one=1, for_strangers=1)
"""`request_uri`, and `sector_identifier_uri` at registration."""
SEATS = KEYS.seats + DOCUMENTS.seats
"""Of a worker's twelve threads: together with those who wait for nodes, never all."""


@contextmanager
def a_seat(bulkhead: Bulkhead, tenant: Tenant) -> Iterator[None]:
    """Hold a seat while this thread waits for a server of a tenant.

    Raises:
        ProtocolError: 503, because too many wait already.
    """
    if not bulkhead.enter(tenant):
        raise ProtocolError(
            "temporarily_unavailable",
            "the server of the client is slow; please try again shortly",
            status=503,
            headers=RETRY_SHORTLY,
        )
    try:
        yield
    finally:
        bulkhead.leave(tenant)
