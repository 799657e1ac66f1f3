"""Initial access tokens: issued by an admin, consumed by registrations.

Spec: RFC 7591 section 3; RFC 6750.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from django.db.models import F, Q
from django.utils import timezone

from oidc.models import InitialAccessToken


class NotValid(Exception):
    """No such token, or not any more. The text is for the log."""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token: its row, and its value, which nobody can read again."""

    row: InitialAccessToken
    value: str


def issue_initial_access_token(
    name: str, *, lifetime: timedelta, most_uses: int = 1, scope: str = ""
) -> IssuedToken:
    """Make a token of 256 random bits. Only its hash is kept.

    `scope`: what its clients may ask for besides the scopes about people.
    """
    value = secrets.token_urlsafe(32)
    row = InitialAccessToken.objects.create(
        name=name,
        token_sha256=token_hash(value),
        scope=scope,
        most_uses=most_uses,
        expires_at=timezone.now() + lifetime,
    )
    return IssuedToken(row, value)


def find_initial_access_token(value: str) -> InitialAccessToken:
    """Return a token that can be used now. Uses nothing up.

    Raises:
        NotValid: unknown, expired, revoked or used up.
    """
    token = InitialAccessToken.objects.filter(_usable(), token_sha256=token_hash(value)).first()
    if token is None:
        raise NotValid("the initial access token is unknown, expired, revoked or used up")
    return token


def consume_initial_access_token(token: InitialAccessToken) -> None:
    """Count one use, atomically: with the transaction around it, it counts or never happened.

    Raises:
        NotValid: others were faster.
    """
    counted = InitialAccessToken.objects.filter(_usable(), pk=token.pk).update(uses=F("uses") + 1)
    if not counted:
        raise NotValid("the initial access token was used up a moment ago")


def revoke_initial_access_token(token: InitialAccessToken) -> None:
    """Let nobody register with it any more. Clients registered before stay."""
    InitialAccessToken.objects.filter(pk=token.pk).update(revoked=True)


def token_hash(value: str) -> str:
    """Return the SHA-256 by which a registration token is known here (hex)."""
    return sha256(value.encode()).hexdigest()


def _usable() -> Q:
    return Q(revoked=False, expires_at__gt=timezone.now(), uses__lt=F("most_uses"))
