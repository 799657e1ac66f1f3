"""Formats of standard claims. Spec: OpenID Connect Core 1.0 section 5.1."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError

from accounts.validators import (
    validate_birthdate,
    validate_https_url,
    validate_locale,
    validate_phone_number,
    validate_username,
    validate_zoneinfo,
)

GOOD = [
    (validate_birthdate, ["1990-02-28", "2000-02-29", "0000-02-29", "0000-12-31", "1974"]),
    (validate_zoneinfo, ["Europe/Paris", "America/Argentina/Ushuaia", "UTC"]),
    (
        validate_locale,
        ["en", "en-GB", "zh-Hant-TW", "sl-rozaj-biske", "de-u-co-phonebk", "en-x-a"],
    ),
    (validate_phone_number, ["+15551234567", "+442071838750", "+15551234567;ext=5678"]),
    (validate_https_url, ["https://example.org/alice", "https://example.org:8443/a?b=c"]),
    (validate_username, ["alice", "a.b+c-d_e", "élodie", "42"]),
]
BAD = [
    (
        validate_birthdate,
        ["", "1990-2-3", "1990-02-30", "1999-02-29", "0000", "19900203", "1990-13-01", "1990\n"],
    ),
    (validate_zoneinfo, ["", "Europe/Nowhere", "../../etc/passwd", "CET+1", "Europe/Paris\n"]),
    (validate_locale, ["", "e", "en_GB", "en-", "english language", "en-GB\n", "en-GB-x"]),
    (validate_phone_number, ["", "5551234567", "+0123", "+1 555 1234567", "+1555123456789012"]),
    (
        validate_https_url,
        ["", "http://example.org/", "javascript:alert(1)", "data:text/html,x", "//example.org"],
    ),
    (validate_username, ["", "alice@example.org", "a b", "a/b", "<b>", "alice\n"]),
]


def cases(table: list[tuple[Callable[[str], None], list[str]]]) -> list[object]:
    return [
        pytest.param(validate, value, id=f"{validate.__name__}-{value!r}")
        for validate, values in table
        for value in values
    ]


@pytest.mark.parametrize(("validate", "value"), cases(GOOD))
def test_accepts(validate: Callable[[str], None], value: str) -> None:
    validate(value)


@pytest.mark.parametrize(("validate", "value"), cases(BAD))
def test_refuses(validate: Callable[[str], None], value: str) -> None:
    with pytest.raises(ValidationError):
        validate(value)


def test_the_names_of_time_zones_come_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bare container has no database of its own."""
    monkeypatch.setattr(zoneinfo._tzpath, "TZPATH", ())
    validate_zoneinfo("Europe/Paris")
    with pytest.raises(ValidationError):
        validate_zoneinfo("Europe/Nowhere")
