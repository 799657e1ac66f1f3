"""Scopes and claims in the words of the person who is asked."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oidc.tokens.claims import releasable_claims

PLAIN_WORDS = {
    "profile": _("See your name, picture and other details of your profile"),
    "email": _("See your e-mail address"),
    "phone": _("See your phone number"),
    "address": _("See your postal address"),
    "offline_access": _("Have access while you are away, until you take it back"),
}
"""Each goes on with the page's heading, "Allow Sample app to:"."""

CLAIMS_IN_PLAIN_WORDS = {
    "name": _("See your name"),
    "family_name": _("See your family name"),
    "given_name": _("See your given name"),
    "middle_name": _("See your middle name"),
    "nickname": _("See your nickname"),
    "preferred_username": _("See your username"),
    "profile": _("See the address of your profile page"),
    "picture": _("See your picture"),
    "website": _("See the address of your website"),
    "gender": _("See your gender"),
    "birthdate": _("See your birthdate"),
    "zoneinfo": _("See your time zone"),
    "locale": _("See your language"),
    "updated_at": _("See when your profile last changed"),
    "email": _("See your e-mail address"),
    "email_verified": _("See your e-mail address and whether it is confirmed"),
    "phone_number": _("See your phone number"),
    "phone_number_verified": _("See your phone number and whether it is confirmed"),
    "address": _("See your postal address"),
}
"""Whole sentences: in other languages, the words around a noun change with it."""


def scopes_in_plain_words(scope: Iterable[str]) -> list[tuple[str, str]]:
    """Return scope and description for each scope that means something to a person.

    `openid` says no more than "sign in", which the page says anyway.
    """
    return [(value, _scope_in_plain_words(value)) for value in scope if value != "openid"]


def claims_in_plain_words(claims: Iterable[str], scope: Iterable[str]) -> list[tuple[str, str]]:
    """Return claim and description for each claim that no requested scope brings anyway."""
    alone = sorted(set(claims) - releasable_claims(scope))
    return [(claim, str(CLAIMS_IN_PLAIN_WORDS[claim])) for claim in alone]


def _scope_in_plain_words(scope: str) -> str:
    if scope in PLAIN_WORDS:
        return str(PLAIN_WORDS[scope])
    return gettext("Use %(scope)s for you") % {"scope": scope}
