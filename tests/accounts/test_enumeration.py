"""Nobody learns whether an account exists, not even with a stopwatch.

Spec: OWASP ASVS 5.0 section 6.3 (no user enumeration, by the response or by its time).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from allauth.core import context
from django.conf import LazySettings
from django.contrib.auth.hashers import get_hasher
from django.contrib.auth.models import AnonymousUser
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from structlog.testing import capture_logs

from accounts import mail
from accounts.models import User
from accounts.views import ResetView
from authserver.sessions import SessionStore


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
    assert "is incorrect" in answer.content.decode()
    assert hashed == ["not the password"]


def test_a_switched_off_account_is_like_none(
    client: Client, alice: User, hashed: list[str]
) -> None:
    alice.is_active = False
    alice.save()
    answer = client.post(
        "/accounts/login/", {"login": "alice@example.org", "password": "not the password"}
    )
    assert "is incorrect" in answer.content.decode()
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


@pytest.mark.django_db(transaction=True)  # another thread shall see the person
def test_a_forgotten_password_does_not_wait_for_the_mail_server(
    client: Client, alice: User, slow_mail_server: type[SlowMailServer]
) -> None:
    for email in ("alice@example.org", "nobody@example.org"):
        answer = client.post("/accounts/password/reset/", {"email": email})
        assert answer["Location"] == "/accounts/password/reset/done/"
    assert not slow_mail_server.has_failed.is_set()


@pytest.mark.django_db(transaction=True)
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


@pytest.mark.parametrize("email", ["alice@example.org", "nobody@example.org"])
def test_the_answer_to_a_forgotten_password_comes_before_anybody_is_looked_for(
    alice: User, monkeypatch: pytest.MonkeyPatch, email: str
) -> None:
    """What the server does before the answer is the same, to the last query."""
    asked: list[str] = []
    monkeypatch.setattr(type(User.objects), "find_by_email", lambda _, email: asked.append(email))
    request = RequestFactory().post("/accounts/password/reset/", {"email": email})
    request.session = SessionStore()
    request.user = AnonymousUser()
    with context.request_context(request), CaptureQueriesContext(connection) as queries:
        answer = ResetView.as_view()(request)
    assert (answer.status_code, asked, len(queries)) == (302, [], 0)
    answer.close()  # what a server does when it has sent it
    assert asked == [email]


@pytest.mark.django_db(transaction=True)
def test_what_does_not_fit_into_the_queue_is_lost_and_logged(
    alice: User, slow_mail_server: type[SlowMailServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "MOST_WAITING", 1)
    with capture_logs() as logged:
        mail.send_later(EmailMessage("first", to=["a@example.org"]))
        mail.send_later(EmailMessage("second", to=["a@example.org"]))
        slow_mail_server.may_go_on.set()
        mail._sender.submit(lambda: None).result(10)
    assert [line["reason"] for line in logged] == ["TooManyWaiting", "ConnectionRefusedError"]
    assert mail._waiting == 0
