"""Headers that protocol responses carry besides their own."""

from __future__ import annotations

from functools import lru_cache

from oidc.conf import configuration

HSTS_SECONDS = 365 * 24 * 3600


@lru_cache(maxsize=1)
def security_headers() -> tuple[tuple[str, str], ...]:
    """Return the headers against sniffing, framing, referrer leaks and plain HTTP."""
    headers: tuple[tuple[str, str], ...] = (
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Frame-Options", "DENY"),
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    )
    if configuration().issuer.startswith("https:"):
        headers += (("Strict-Transport-Security", f"max-age={HSTS_SECONDS}"),)
    return headers


@lru_cache(maxsize=8)
def cors_headers(methods: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return what lets scripts of any origin call an endpoint that looks at no cookie."""
    return (
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Allow-Methods", ", ".join(methods)),
        ("Access-Control-Allow-Headers", "Authorization, Content-Type"),
        ("Access-Control-Expose-Headers", "WWW-Authenticate, X-Request-Id"),
        ("Access-Control-Max-Age", "3600"),
    )
