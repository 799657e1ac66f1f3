"""Headers that protocol responses carry besides their own."""

from __future__ import annotations

from functools import lru_cache

from oidc.conf import configuration
from oidc.doors.cors import ANSWER_HEADERS
from oidc.doors.endpoint import Endpoint
from oidc.http import NO_STORE, Headers

HSTS_SECONDS = 365 * 24 * 3600


@lru_cache(maxsize=1)
def security_headers() -> Headers:
    """Return the headers against sniffing, framing, referrer leaks and plain HTTP."""
    headers: Headers = (
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Frame-Options", "DENY"),
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    )
    if configuration().issuer.startswith("https:"):
        headers += (("Strict-Transport-Security", f"max-age={HSTS_SECONDS}"),)
    return headers


@lru_cache(maxsize=256)
def added_headers(endpoint: Endpoint, present: tuple[str, ...]) -> Headers:
    """Return what an endpoint's response carries besides its own headers, which win.

    `present`: the names of its own; there are few combinations, so each is worked out once.
    """
    taken = set(present)
    if endpoint.frameable:
        taken.add("X-Frame-Options")  # has no value that allows it
    headers = [*security_headers(), NO_STORE]
    if endpoint.cors and "Access-Control-Allow-Methods" not in taken:  # else a preflight
        headers += ANSWER_HEADERS
    return tuple(pair for pair in headers if pair[0] not in taken)
