"""Servers of clients that keep as many threads as they may."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from oidc.clients.waiting import Bulkhead, Tenant


@contextmanager
def all_seats_taken(bulkhead: Bulkhead, *tenants: Tenant) -> Iterator[int]:
    """Hold all seats that these tenants can get. Returns how many that are."""
    held = []
    for tenant in tenants:
        while bulkhead.enter(tenant):
            held.append(tenant)
    try:
        yield len(held)
    finally:
        for tenant in held:
            bulkhead.leave(tenant)
