"""Accounts that were changed around the server: by SQL, `QuerySet.update`, or another SECRET_KEY.

The server hears of it when it asks the next time, after five seconds; then the protocol door
refuses what Django's pages refuse.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as configured
from django.contrib.auth import HASH_SESSION_KEY, get_user_model
from django.contrib.auth.hashers import make_password
from django.db import OperationalError

from accounts import account_state, claims
from oidc.models import Consent
from oidc.stores.redis import browser_session_store
from tests.support.doors import Browser
from tests.support.relying_party import RelyingParty, sign_in

OTHER_KEY = "another-secret-key-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789"


def around_the_server(user: Any, **columns: Any) -> None:
    """Change a row as nobody hears of, and let five seconds pass."""
    assert get_user_model().objects.filter(pk=user.pk).update(**columns) == 1
    five_seconds_later()


def five_seconds_later() -> None:
    for memory in (account_state._memory, claims._memory):
        memory._entries = {key: (0.0, value) for key, (_, value) in memory._entries.items()}


@pytest.fixture
def signed_in(browser: Browser, web: RelyingParty, alice: Any) -> Browser:
    sign_in(browser, alice)
    web.consented_by(alice)
    assert "code" in silently(web, browser)
    return browser


def silently(web: RelyingParty, browser: Browser) -> dict[str, str]:
    return web.authorize(browser, prompt="none").redirect_members


# --- Disabled -----------------------------------------------------------------------------------


def test_a_disabled_account_gets_no_code(web: RelyingParty, signed_in: Browser, alice: Any) -> None:
    around_the_server(alice, is_active=False)
    assert silently(web, signed_in)["error"] == "login_required"
    page = signed_in.get(web.authorize(signed_in).location)
    assert "/accounts/login/" in page.location
    assert signed_in.get(page.location).status == 200
    around_the_server(alice, is_active=True)
    assert "code" in silently(web, signed_in)


def test_a_disabled_account_redeems_no_code(web: RelyingParty, alice: Any) -> None:
    code = web.code_for(alice)
    around_the_server(alice, is_active=False)
    assert web.redeem(code).json()["error"] == "invalid_grant"


def test_a_disabled_account_refreshes_nothing_and_its_grant_has_ended(
    web: RelyingParty, alice: Any
) -> None:
    tokens = web.tokens_for(alice)
    around_the_server(alice, is_active=False)
    assert web.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    around_the_server(alice, is_active=True)
    assert web.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert web.introspect(tokens["access_token"]).json() == {"active": False}


def test_tokens_of_a_disabled_account_are_inactive(web: RelyingParty, alice: Any) -> None:
    tokens = web.tokens_for(alice)
    for is_active in (True, False, True):
        around_the_server(alice, is_active=is_active)
        for name in ("access_token", "refresh_token"):
            assert web.introspect(tokens[name]).json()["active"] is is_active
        assert web.userinfo(tokens["access_token"]).status == (200 if is_active else 401)


def test_an_account_whose_row_was_deleted_is_gone(
    web: RelyingParty, signed_in: Browser, alice: Any
) -> None:
    tokens = web.tokens_for(alice)
    people = get_user_model().objects.filter(pk=alice.pk)
    for rows in (*(model.objects.filter(user=alice) for model in (Consent, EmailAddress)), people):
        rows._raw_delete(rows.db)
    five_seconds_later()
    assert silently(web, signed_in)["error"] == "login_required"
    assert web.introspect(tokens["access_token"]).json() == {"active": False}
    assert web.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_who_is_disabled_here_is_refused_at_once(web: RelyingParty, alice: Any) -> None:
    tokens = web.tokens_for(alice)
    alice.is_active = False
    alice.save()
    assert web.introspect(tokens["access_token"]).json() == {"active": False}
    assert web.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


# --- Sessions that Django refuses ---------------------------------------------------------------


def another_password(web: RelyingParty, alice: Any, settings: Any) -> None:
    around_the_server(alice, password=make_password("set by a script"))


def another_secret_key(web: RelyingParty, alice: Any, settings: Any) -> None:
    settings.SECRET_KEY = OTHER_KEY


@pytest.mark.parametrize("change", [another_password, another_secret_key])
def test_the_protocol_door_refuses_what_django_refuses(
    web: RelyingParty,
    signed_in: Browser,
    alice: Any,
    settings: Any,
    change: Callable[[RelyingParty, Any, Any], None],
) -> None:
    change(web, alice, settings)
    assert silently(web, signed_in)["error"] == "login_required"
    waiting = web.authorize(signed_in).location
    assert "/accounts/login/" in signed_in.get(waiting).location
    assert "/accounts/login/" in signed_in.get("/accounts/").location
    assert signed_in.get("/accounts/logout/").status in (302, 303)


def test_a_fallback_of_the_secret_key_keeps_people_signed_in(
    web: RelyingParty, signed_in: Browser, settings: Any
) -> None:
    old, settings.SECRET_KEY = settings.SECRET_KEY, OTHER_KEY
    settings.SECRET_KEY_FALLBACKS = [old]
    assert "code" in silently(web, signed_in)


def test_a_record_of_the_release_before_counts_only_with_its_stamp(
    web: RelyingParty, signed_in: Browser, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was not sealed, so its stamp alone tells under which key it was made."""
    cookie = signed_in.cookies[configured.SESSION_COOKIE_NAME]
    session = import_module(configured.SESSION_ENGINE).SessionStore(cookie)
    monkeypatch.setattr(
        browser_session_store, "_pack", lambda _, members: browser_session_store.json.dumps(members)
    )
    session.save()
    assert "code" in silently(web, signed_in)
    del session[HASH_SESSION_KEY]
    session.save()
    assert silently(web, signed_in)["error"] == "login_required"


# --- Without the database -----------------------------------------------------------------------


@pytest.fixture
def no_accounts(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Take the table of accounts away, once memory has grown old."""

    def fail(*_: Any) -> None:
        raise OperationalError("gone")

    def take_away() -> None:
        five_seconds_later()
        monkeypatch.setattr(account_state._ACCOUNT, "find", fail)

    return take_away


def test_what_cannot_be_asked_is_no_no(
    web: RelyingParty, signed_in: Browser, alice: Any, no_accounts: Callable[[], None]
) -> None:
    tokens, code = web.tokens_for(alice), web.code_for(alice)
    no_accounts()
    for known in (True, False):
        if not known:
            account_state._memory.clear()
        assert "code" in silently(web, signed_in)
        assert web.introspect(tokens["access_token"]).json()["active"]
        refreshed = web.refresh(tokens["refresh_token"])
        assert refreshed.status == 200
        tokens = refreshed.json()
    assert web.redeem(code).status == 200


def test_what_was_known_last_counts_while_nothing_can_be_asked(
    web: RelyingParty, signed_in: Browser, alice: Any, no_accounts: Callable[[], None]
) -> None:
    tokens = web.tokens_for(alice)
    around_the_server(alice, is_active=False)
    assert not web.introspect(tokens["access_token"]).json()["active"]
    no_accounts()
    assert not web.introspect(tokens["access_token"]).json()["active"]
    assert silently(web, signed_in)["error"] == "login_required"
