"""Scopes in the words of the person who is asked."""

from __future__ import annotations

from collections.abc import Iterable

PLAIN_WORDS = {
    "profile": "See your name, picture and other details of your profile",
    "email": "See your e-mail address",
    "phone": "See your phone number",
    "address": "See your postal address",
    "offline_access": "Have access while you are away, until you take it back",
}
"""Each goes on with the page's heading, "Allow Sample app to:"."""


def scopes_in_plain_words(scope: Iterable[str]) -> list[tuple[str, str]]:
    """Return scope and description for each scope that means something to a person.

    `openid` says no more than "sign in", which the page says anyway.
    """
    return [
        (value, PLAIN_WORDS.get(value, f"Use {value} for you"))
        for value in scope
        if value != "openid"
    ]
