"""The error that every method of client authentication ends in."""

from __future__ import annotations

from oidc.errors import ProtocolError


def invalid_client(detail: str, *, registered_method: str = "") -> ProtocolError:
    """Make the 401 that tells a caller little and the log everything. RFC 6749 section 5.2.

    `registered_method`: told where the method itself was refused, so that the app can change to it.
    In the challenge too: openid-client reads no body where there is one.
    """
    description, challenge = "client authentication failed", 'Basic realm="gatehouse"'
    if registered_method:
        description += f": the registered method is {registered_method}"
        challenge += f', error="invalid_client", error_description="{description}"'
    return ProtocolError(
        "invalid_client",
        description,
        status=401,
        detail=detail,
        headers=(("WWW-Authenticate", challenge),),
    )
