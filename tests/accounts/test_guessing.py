# ruff: noqa: E501, RUF001 - one list of passwords, some with odd letters
"""Passwords that are guessed first are refused. Spec: NIST SP 800-63B-4 section 3.1.1.2."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client

from accounts import guessing
from accounts.guessing import is_guessable
from accounts.models import User
from accounts.people import generate_password

from .conftest import PASSWORD

GUESSABLE = [
    "admin12345", "Passw0rd12", "P@ssw0rd2024", "Passw0rd!!", "@dm1n12345", "Welcome123!",
    "Summer2026!", "qwertyuiop", "1234567890", "0987654321", "aaaaaaaaaa", "abcabcabcabc",
    "passwordpassword", "iloveyou1234", "letmein-2024", "1qaz2wsx3edc", "Changeme123", "abcdefghijkl",
    "monkeydragon1", "Michael1985!", "31121999admin", "xK9xK9xK9xK9", "Passwort2024", "Motdepasse1!",
    "ｐａｓｓｗｏｒｄ１２", "password" * 20, "!@#$%^&*()", "test12345678",
]  # fmt: skip
FINE = [
    "seven quiet geese", "sevenquietgeese", "winterpurpletiger", "correct horse battery staple", "eleven loud gulls",
    "kX3!vq9Lmz", "wallpaper hums 7x", "Zug nach Überall", "ночь улица фонарь", "k2-tunnel-8Qv",
    "kX3!vq9Lmz" * 20,
]  # fmt: skip


@pytest.mark.parametrize("password", GUESSABLE)
def test_guessable(password: str) -> None:
    assert is_guessable(password)


@pytest.mark.parametrize("password", FINE)
def test_fine(password: str) -> None:
    assert not is_guessable(password)


def test_generated_passwords_are_fine() -> None:
    assert not any(is_guessable(generate_password()) for _ in range(50))


@pytest.mark.parametrize(
    "password",
    [
        "alice.archer", "Archer-2026", "4lice4rcher", "aliceexample1", "Gatehouse2026", "G4tehouse!!",
        "acmelogin99", "acme-corp12", "archer19900228",
    ],
)  # fmt: skip
def test_words_about_the_person_and_the_server(settings: LazySettings, password: str) -> None:
    settings.ISSUER = "https://login.acme-corp.example"
    user = User(
        username="alice", email="alice@example.org", family_name="Archer", birthdate="1990-02-28"
    )
    with pytest.raises(ValidationError, match="too easy to guess"):
        validate_password(password, user)


def test_nobody_is_known_to_everybody(settings: LazySettings) -> None:
    validate_password("kX3!vq9Lmz", User())
    validate_password("kX3!vq9Lmz")


@pytest.mark.parametrize("password", ["admin12345", "Passw0rd12", "alicearcher"])
def test_each_form_refuses_them(signed_in: Client, alice: User, password: str) -> None:
    form = {"oldpassword": PASSWORD, "password1": password, "password2": password}
    page = signed_in.post("/accounts/password/change/", form)
    assert "too easy to guess" in page.content.decode()
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_the_list_is_small_and_has_what_it_should() -> None:
    assert guessing._LIST.stat().st_size < 1_000_000
    words = guessing._common_passwords()
    assert len(words) > 40_000
    assert {"password", "qwerty", "michael", "passwort"} <= words
    assert all(word == word.casefold() for word in words)
