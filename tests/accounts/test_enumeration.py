"""Nobody learns whether an account exists, not even with a stopwatch.

Spec: OWASP ASVS 5.0 section 6.3 (no user enumeration, by the response or by its time).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.contrib.auth.hashers import get_hasher
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.test import Client
from structlog.testing import capture_logs

from accounts import mail
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


class SlowMailServer(BaseEmailBackend):
    """Takes mails when it is told to, and then fails."""

    may_go_on = threading.Event()
    has_failed = threading.Event()

    def send_messages(self, messages: list[EmailMessage]) -> int:
        self.may_go_on.wait(10)
        self.has_failed.set()
        raise ConnectionRefusedError("nobody there")


@pytest.fixture
def slow_mail_server(settings: LazySettings) -> Iterator[type[SlowMailServer]]:
    settings.MAIL_INLINE = False
    settings.EMAIL_BACKEND = f"{__name__}.SlowMailServer"
    SlowMailServer.may_go_on.clear()
    SlowMailServer.has_failed.clear()
    yield SlowMailServer
    SlowMailServer.may_go_on.set()


def test_a_forgotten_password_does_not_wait_for_the_mail_server(
    client: Client, alice: User, slow_mail_server: type[SlowMailServer]
) -> None:
    for email in ("alice@example.org", "nobody@example.org"):
        answer = client.post("/accounts/password/reset/", {"email": email})
        assert answer["Location"] == "/accounts/password/reset/done/"
    assert not slow_mail_server.has_failed.is_set()


def test_a_mail_that_cannot_be_sent_is_told_to_the_log_alone(
    client: Client, alice: User, slow_mail_server: type[SlowMailServer]
) -> None:
    with capture_logs() as logged:
        answer = client.post("/accounts/password/reset/", {"email": "alice@example.org"})
        assert answer["Location"] == "/accounts/password/reset/done/"
        slow_mail_server.may_go_on.set()
        mail._sender.submit(lambda: None).result(10)  # one thread: what came before is done
    assert slow_mail_server.has_failed.is_set()
    assert logged == [
        {"event": "mail_not_sent", "reason": "ConnectionRefusedError", "log_level": "error"}
    ]
