"""Scopes in the words of the person who is asked."""

from __future__ import annotations

from collections.abc import Iterable

PLAIN_WORDS = {
    "profile": "Your name, picture and other details of your profile",
    "email": "Your e-mail address",
    "phone": "Your phone number",
    "address": "Your postal address",
    "offline_access": "Access while you are away, until you take it back",
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
