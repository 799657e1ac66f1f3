"""How often one network may register. Counted on the cluster, so all processes count together."""

from __future__ import annotations

import time
from hashlib import sha256
from ipaddress import ip_network

from django.core.cache import cache

from oidc.conf import configuration
from oidc.errors import ProtocolError

WINDOW_SECONDS = 3600
_IPV6_NETWORK_BITS = 64


def limit_registrations(remote_address: str) -> None:
    """Count an attempt, in windows of an hour.

    Redis: a counter under a hash of the network and the hour; two round trips; two hours.

    Raises:
        ProtocolError: 429.
        StoreUnavailable: nobody can count now, so nobody registers.
    """
    configured = configuration()
    if not configured.rate_limits:
        return
    window, elapsed = divmod(int(time.time()), WINDOW_SECONDS)
    digest = sha256(_network(remote_address).encode()).hexdigest()[:32]
    key = f"registrations:{digest}:{window}"
    # The hour is part of the name, so the counter cannot expire between these two.
    cache.add(key, 0, timeout=2 * WINDOW_SECONDS)
    if cache.incr(key) > configured.registrations_per_hour:
        raise ProtocolError(
            "temporarily_unavailable",
            "too many registrations from this network; please try again later",
            status=429,
            headers=(("Retry-After", str(WINDOW_SECONDS - elapsed)),),
        )


def _network(remote_address: str) -> str:
    """Return the address, or for IPv6 the network that one connection usually has to itself."""
    try:
        is_ipv6 = ":" in remote_address
        suffix = f"/{_IPV6_NETWORK_BITS}" if is_ipv6 else ""
        return str(ip_network(remote_address + suffix, strict=False))
    except ValueError:
        return remote_address
