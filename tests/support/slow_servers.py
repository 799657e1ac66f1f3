"""Servers of clients that keep as many threads as they may."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from oidc.clients.waiting import SEATS_FOR_ONE, a_seat


@contextmanager
def all_seats_taken(address: str) -> Iterator[None]:
    """Hold all seats for one address."""
    with ExitStack() as waiting:
        for _ in range(SEATS_FOR_ONE):
            waiting.enter_context(a_seat(address))
        yield
