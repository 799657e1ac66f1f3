"""What introspection and revocation do alike: a token of unknown kind, read without trust."""

from __future__ import annotations

from dataclasses import dataclass

from oidc.keys.jws import InvalidToken
from oidc.tokens.access_token import AccessToken, read_access_token
from oidc.tokens.refresh_token import (
    MalformedRefreshToken,
    RefreshTokenReference,
    read_refresh_token,
)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Not a token of ours, or expired. `reason` is for the log."""

    reason: str


def read_presented_token(token: str) -> AccessToken | RefreshTokenReference | Unreadable:
    """Read a token of either kind. Its form tells which, so hints do not matter (RFC 7009 2.1)."""
    try:
        if "." in token:
            return read_access_token(token)
        return read_refresh_token(token)
    except (InvalidToken, MalformedRefreshToken) as error:
        return Unreadable(str(error))
