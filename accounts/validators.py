"""Formats that OpenID Connect Core 1.0 section 5.1 gives to the standard claims.

Functions, so that migrations hold their names only and a better pattern needs none.
"""

from __future__ import annotations

import re
from datetime import date
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from accounts.names import looks_like_another

# Not "@": a person may sign in with an e-mail address too, and nobody's username shall look like
# somebody else's address.
_USERNAME = re.compile(r"[\w.+-]+")

LOOKS_LIKE_ANOTHER = _("Use letters from one alphabet only, and no dot at the end.")

_PHONE_NUMBER = re.compile(r"\+[1-9][0-9]{1,14}(;ext=[0-9]{1,10})?")

_LOCALE = re.compile(
    r"[A-Za-z]{2,8}"  # language
    r"(-[A-Za-z]{4})?"  # script
    r"(-([A-Za-z]{2}|[0-9]{3}))?"  # region
    r"(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"  # variants
    r"(-[A-WYZa-wyz0-9](-[A-Za-z0-9]{2,8})+)*"  # extensions
    r"(-[xX](-[A-Za-z0-9]{1,8})+)?"  # private use
)

_BIRTHDATE = re.compile(r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})-(?P<day>[0-9]{2}))?")
_A_LEAP_YEAR = 2000

_is_https_url = URLValidator(schemes=["https"])


def validate_username(value: str) -> None:
    """Accept letters, digits and a few signs."""
    if not _USERNAME.fullmatch(value):
        raise ValidationError(
            _("Letters, digits and the characters . + - _ only."), code="invalid_username"
        )


def validate_new_username(value: str) -> None:
    """Refuse what looks like somebody else's name. Who has such a name already may keep it."""
    if looks_like_another(value):
        raise ValidationError(
            {"username": ValidationError(LOOKS_LIKE_ANOTHER, code="invalid_username")}
        )


def validate_https_url(value: str) -> None:
    """Accept https URLs."""
    try:
        _is_https_url(value)
    except ValidationError as error:
        raise ValidationError("Enter an https:// address.", code="invalid_url") from error


def validate_phone_number(value: str) -> None:
    """Accept E.164, with an extension in the form of RFC 3966."""
    if not _PHONE_NUMBER.fullmatch(value):
        raise ValidationError(
            "Use the international form, digits only: +15551234567.", code="invalid_phone_number"
        )


def validate_locale(value: str) -> None:
    """Accept a language tag. Spec: BCP 47 (RFC 5646 section 2.1)."""
    if not _LOCALE.fullmatch(value):
        raise ValidationError(
            "Use a language tag of BCP 47: en, en-GB, zh-Hant-TW.", code="invalid_locale"
        )


def validate_birthdate(value: str) -> None:
    """Accept YYYY-MM-DD, YYYY alone, and 0000-MM-DD for a year that is not told."""
    match = _BIRTHDATE.fullmatch(value)
    if match is None or not _is_date(match):
        raise ValidationError(
            "Use YYYY-MM-DD, YYYY, or 0000-MM-DD to leave out the year.", code="invalid_birthdate"
        )


def _is_date(match: re.Match[str]) -> bool:
    year = int(match["year"])
    if match["month"] is None:
        return year > 0
    try:
        date(year or _A_LEAP_YEAR, int(match["month"]), int(match["day"]))
    except ValueError:
        return False
    return True


def validate_zoneinfo(value: str) -> None:
    """Accept a name of the IANA time zone database: Europe/Paris."""
    if value not in available_timezones():
        raise ValidationError(
            "Use a name of the IANA time zone database: Europe/Paris.", code="invalid_zoneinfo"
        )
