"""Scopes in the words of the person who is asked."""

from __future__ import annotations

from collections.abc import Iterable

from oidc.tokens.claims import SCOPE_CLAIMS

PLAIN_WORDS = {
    "profile": "See your name, picture and other details of your profile",
    "email": "See your e-mail address",
    "phone": "See your phone number",
    "address": "See your postal address",
    "offline_access": "Have access while you are away, until you take it back",
}
"""Each goes on with the page's heading, "Allow Sample app to:"."""

SPOKEN_CLAIMS = {
    "email": "e-mail address",
    "email_verified": "e-mail address and whether it is confirmed",
    "phone_number_verified": "phone number and whether it is confirmed",
    "address": "postal address",
    "zoneinfo": "time zone",
    "locale": "language",
    "preferred_username": "username",
    "profile": "profile page",
    "updated_at": "profile's last change",
}


def scopes_in_plain_words(scope: Iterable[str]) -> list[tuple[str, str]]:
    """Return scope and description for each scope that means something to a person.

    `openid` says no more than "sign in", which the page says anyway.
    """
    return [
        (value, PLAIN_WORDS.get(value, f"Use {value} for you"))
        for value in scope
        if value != "openid"
    ]


def claims_in_plain_words(claims: Iterable[str], scope: Iterable[str]) -> list[tuple[str, str]]:
    """Return claim and description for each claim that no requested scope brings anyway."""
    brought = {claim for value in scope for claim in SCOPE_CLAIMS.get(value, ())}
    return [(claim, f"See your {_spoken(claim)}") for claim in sorted(set(claims) - brought)]


def _spoken(claim: str) -> str:
    return SPOKEN_CLAIMS.get(claim, claim.replace("_", " "))
