"""How often one network may register. Counted on the cluster, so all processes count together."""

from __future__ import annotations

import time
from hashlib import sha256

from django.core.cache import cache

from oidc.conf import configuration
from oidc.errors import ProtocolError
from oidc.networks import network_of

WINDOW_SECONDS = 3600


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
    digest = sha256(network_of(remote_address).encode()).hexdigest()[:32]
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
