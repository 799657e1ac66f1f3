"""Whether a redirect URI is one of a client's own.

Spec: OAuth 2.1 section 2.3.1 (exact string comparison); RFC 8252 section 7.3 (any port on a
loopback address), and section 8.3 (`localhost`, which apps use although it may be resolved to
another machine: it matches itself alone); RFC 9700 section 4.1.3.
"""

from __future__ import annotations

from collections.abc import Iterable

LOOPBACK_PREFIXES = ("http://127.0.0.1", "http://[::1]", "http://localhost")


def redirect_uri_matches(
    registered_uris: Iterable[str], redirect_uri: str, *, any_loopback_port: bool
) -> bool:
    """Tell whether this exact URI is registered, or differs from one by a loopback port only."""
    if redirect_uri in registered_uris:
        return True
    if not any_loopback_port or not redirect_uri.startswith(LOOPBACK_PREFIXES):
        return False
    without_port = _without_loopback_port(redirect_uri)
    return without_port is not None and any(
        without_port == _without_loopback_port(registered) for registered in registered_uris
    )


def _without_loopback_port(uri: str) -> str | None:
    """Return a loopback URI with its port cut out of the string, None for any other URI.

    Only the port is removed: what remains is compared character by character, so that nothing
    (userinfo, case, encoded characters, a dot segment) is normalised into a match.
    """
    for prefix in LOOPBACK_PREFIXES:
        if not uri.startswith(prefix):
            continue
        rest = uri[len(prefix) :]
        if rest.startswith(":"):
            digits = len(rest[1:]) - len(rest[1:].lstrip("0123456789"))
            if not 1 <= digits <= 5 or int(rest[1 : 1 + digits]) > 65535:
                return None
            rest = rest[1 + digits :]
        if rest and rest[0] not in "/?":
            return None
        return None if "#" in rest else prefix + rest
    return None
