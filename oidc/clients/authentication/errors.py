"""The error that every method of client authentication ends in."""

from __future__ import annotations

from oidc.errors import ProtocolError


def invalid_client(detail: str) -> ProtocolError:
    """Make the 401 that tells a caller nothing and the log everything. RFC 6749 section 5.2."""
    return ProtocolError(
        "invalid_client",
        "client authentication failed",
        status=401,
        detail=detail,
        headers=(("WWW-Authenticate", 'Basic realm="gatehouse"'),),
    )
