"""The error that every method of client authentication ends in."""

from __future__ import annotations

from oidc.errors import ProtocolError


def invalid_client(detail: str, *, registered_method: str = "") -> ProtocolError:
    """Make the 401 that tells a caller little and the log everything. RFC 6749 section 5.2.

    `registered_method`: told where the method itself was refused, so that the app can change to it.
    """
    told = f": the registered method is {registered_method}" if registered_method else ""
    return ProtocolError(
        "invalid_client",
        f"client authentication failed{told}",
        status=401,
        detail=detail,
        headers=(("WWW-Authenticate", 'Basic realm="gatehouse"'),),
    )
