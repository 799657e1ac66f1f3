"""Signing in and being signed out at the same time: the one that ends the session wins.

Spec: RFC 9700 section 4; OWASP ASVS 5.0 section 7.4 (termination).
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client as DjangoClient

from accounts.authentication import SID_MEMBER
from oidc import sign_on
from oidc.errors import StoreUnavailable
from oidc.stores.redis import sign_ons
from tests.protocol.test_interaction_pages import NEXT, csrf, log_in
from tests.support.doors import Browser
from tests.support.relying_party import RelyingParty, sign_in


def disable(user: Any) -> None:
    user.is_active = False
    user.save()


def give_another_password(user: Any) -> None:
    user.set_password("quite another password")
    user.save()


@pytest.mark.parametrize("change", [disable, give_another_password])
def test_a_log_in_that_was_overtaken_opens_no_session(
    browser: Browser, web: RelyingParty, alice: Any, change: Callable[[Any], None]
) -> None:
    web.consented_by(alice)
    checked = get_user_model().objects.get(pk=alice.pk)  # the password was right a moment ago
    change(get_user_model().objects.get(pk=alice.pk))
    client = DjangoClient()
    client.force_login(checked)
    name = settings.SESSION_COOKIE_NAME
    browser.cookies[name] = client.cookies[name].value
    assert web.authorize(browser, prompt="none").redirect_members["error"] == "login_required"
    assert browser.get("/accounts/").status == 302
    assert sign_ons.list_for_user(str(alice.pk)) == []


def test_a_browser_session_without_a_session_of_sign_on_counts_for_nothing(
    browser: Browser, web: RelyingParty, alice: Any
) -> None:
    """It could not be ended from elsewhere, and log-in would send it round in circles."""
    sign_in(browser, alice)
    session = import_module(settings.SESSION_ENGINE).SessionStore(
        browser.cookies[settings.SESSION_COOKIE_NAME]
    )
    del session[SID_MEMBER]
    session.save()
    assert browser.get("/accounts/").location.startswith("/accounts/login/")
    assert browser.follow(web.authorize(browser)).status == 200


def test_a_log_in_that_the_store_cut_short_can_be_repeated(
    browser: Browser, web: RelyingParty, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = web.authorize(browser)
    path = browser.get(answer.location).location
    page = browser.get(path)
    fields = csrf(page) | {
        "next": NEXT.search(page.text).group(1),
        "login": alice.username,
        "password": alice.raw_password,
    }
    with monkeypatch.context() as patch:
        patch.setattr(sign_on.sign_ons, "start", unavailable)
        assert browser.post(path, fields).status == 503
    assert 'value="allow"' in log_in(browser, answer, alice).text


def unavailable(*_: object) -> None:
    raise StoreUnavailable("down")
