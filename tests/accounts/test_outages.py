"""Pages while a store is away: 503 with Retry-After, and nobody is signed out by it."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client

from accounts.models import User
from authserver import middleware, sessions
from oidc.errors import StoreUnavailable


@pytest.fixture
def browser(alice: User) -> Client:
    """One that alice is signed in with. Errors are answered, as in production."""
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    return client


@pytest.mark.parametrize(
    ("store", "name"),
    [
        (sessions.browser_sessions, "load"),
        (sessions.browser_sessions, "save"),
        (middleware.sign_ons, "find"),
    ],
    ids=["sessions cannot be read", "sessions cannot be written", "sessions of sign-on"],
)
@pytest.mark.parametrize("error", [StoreUnavailable("down"), OperationalError("down")], ids=repr)
def test_a_signed_in_browser_gets_503_and_stays_signed_in(
    browser: Client,
    monkeypatch: pytest.MonkeyPatch,
    store: object,
    name: str,
    error: Exception,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(store, name, fail)
        answer = browser.post("/accounts/email/", {"action_add": "", "email": "new@example.org"})
    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert answer["Cache-Control"] == "no-store"
    assert "Back in a moment" in answer.content.decode()
    assert settings.SESSION_COOKIE_NAME not in answer.cookies
    assert browser.get("/accounts/").status_code == 200


def test_a_defect_is_a_page_with_its_reference(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a detail that is nobody's business")

    monkeypatch.setattr(middleware.sign_ons, "find", fail)
    answer = browser.get("/accounts/")
    assert answer.status_code == 500
    assert answer["X-Request-Id"] in answer.content.decode()
    assert "nobody" not in answer.content.decode()
