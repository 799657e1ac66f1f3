"""Nobody learns whether an account exists, not even with a stopwatch.

Spec: OWASP ASVS 5.0 section 6.3 (no user enumeration, by the response or by its time).
"""

from __future__ import annotations

import pytest
from django.contrib.auth.hashers import get_hasher
from django.test import Client

from accounts.models import User


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each time that a password was hashed: all the time that a log-in takes."""
    passwords: list[str] = []
    hasher = type(get_hasher())
    encode = hasher.encode

    def noting(self: object, password: str, *arguments: object, **options: object) -> str:
        passwords.append(password)
        return str(encode(self, password, *arguments, **options))

    monkeypatch.setattr(hasher, "encode", noting)
    return passwords


@pytest.mark.parametrize(
    "login", ["alice", "ALICE", "nobody", "alice@example.org", "nobody@example.org", "alice@", "@"]
)
def test_a_log_in_hashes_once_whoever_it_is(
    client: Client, alice: User, hashed: list[str], login: str
) -> None:
    answer = client.post("/accounts/login/", {"login": login, "password": "not the password"})
    assert "do not go together" in answer.content.decode()
    assert hashed == ["not the password"]


def test_a_switched_off_account_is_like_none(
    client: Client, alice: User, hashed: list[str]
) -> None:
    alice.is_active = False
    alice.save()
    answer = client.post(
        "/accounts/login/", {"login": "alice@example.org", "password": "not the password"}
    )
    assert "do not go together" in answer.content.decode()
    assert hashed == ["not the password"]
