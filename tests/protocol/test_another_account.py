"""Signing in as somebody else: the first person stays signed in until that has succeeded.

Spec: OpenID Connect Core 1.0 section 3.1.2.1 (`prompt`, `id_token_hint`); Back-Channel Logout 1.0
section 2.3; OWASP ASVS 5.0 section 7.2.4 (a new session at each authentication).
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings

from accounts.authentication import RECORDS_MEMBER, SID_MEMBER, authentication_context
from accounts.models import User
from oidc.models import LogoutNotification
from oidc.stores.redis import sign_ons
from tests.protocol.test_interaction_pages import csrf, fill_in, use_another_account
from tests.support.doors import FORM, Answer, Browser, Send
from tests.support.relying_party import RelyingParty, new_person, sign_in

ANOTHER = "/accounts/login/another/"


def session_of(browser: Browser) -> dict[str, Any]:
    """Return the members of a browser's session."""
    key = browser.cookies[settings.SESSION_COOKIE_NAME]
    return dict(import_module(settings.SESSION_ENGINE).SessionStore(key).items())


def sids_of(person: Any) -> list[str]:
    return [session.sid for session in sign_ons.list_for_user(str(person.pk))]


@pytest.fixture
def app(send: Send) -> RelyingParty:
    """An app that wants to be told of a sign-out."""
    return RelyingParty.register(send, backchannel_logout_uri="https://client.example/out")


@pytest.fixture
def bob(send: Send) -> Any:
    return new_person()


@pytest.fixture
def signed_in(browser: Browser, app: RelyingParty, alice: Any) -> Browser:
    """A browser in which alice has signed in to an app."""
    sign_in(browser, alice)
    app.consented_by(alice)
    assert "code" in app.authorize(browser).redirect_members
    return browser


def asked(browser: Browser, app: RelyingParty) -> tuple[Answer, str]:
    """Return a waiting request, and the log-in page for another account."""
    waiting = app.authorize(browser, prompt="select_account")
    return waiting, use_another_account(browser, waiting)


def assert_still(browser: Browser, app: RelyingParty, person: Any, before: list[str]) -> None:
    """Assert that this person is signed in as before, and that no app was told otherwise."""
    assert sids_of(person) == before
    assert "code" in app.authorize(browser, prompt="none").redirect_members
    assert browser.get("/accounts/").status == 200
    assert not LogoutNotification.objects.exists()


def test_the_page_says_who_stays_signed_in(
    signed_in: Browser, app: RelyingParty, alice: Any
) -> None:
    waiting, path = asked(signed_in, app)
    page = signed_in.get(path)
    assert f"<strong>{alice.username}</strong> stays signed in" in page.text
    assert f'href="{waiting.location}"' in page.text, "a way back"


def test_asking_and_turning_back_changes_nothing(
    signed_in: Browser, app: RelyingParty, alice: Any
) -> None:
    before = sids_of(alice)
    waiting, path = asked(signed_in, app)
    page = signed_in.get(path)
    assert_still(signed_in, app, alice, before)
    back = signed_in.post(waiting.location, csrf(page) | {"decision": "deny"})
    assert back.redirect_members["error"] == "access_denied"
    assert_still(signed_in, app, alice, before)


def test_a_wrong_password_changes_nothing(
    signed_in: Browser, app: RelyingParty, alice: Any, bob: Any
) -> None:
    before = sids_of(alice)
    _, path = asked(signed_in, app)
    bob.raw_password = "not the password"
    assert fill_in(signed_in, path, bob).status == 200
    assert_still(signed_in, app, alice, before)


def test_somebody_switched_off_changes_nothing(
    send: Send, app: RelyingParty, alice: Any, bob: Any
) -> None:
    browser = Browser(send)
    fill_in(browser, "/accounts/login/?next=/accounts/", alice)
    app.consented_by(alice)
    before, noted = sids_of(alice), session_of(browser)[RECORDS_MEMBER]
    User.objects.filter(pk=bob.pk).update(is_active=False)
    _, path = asked(browser, app)
    fill_in(browser, path, bob)
    assert_still(browser, app, alice, before)
    assert session_of(browser)[RECORDS_MEMBER] == noted


def test_the_new_sign_in_replaces_the_session(
    signed_in: Browser, app: RelyingParty, alice: Any, bob: Any
) -> None:
    old_key = signed_in.cookies[settings.SESSION_COOKIE_NAME]
    waiting, path = asked(signed_in, app)
    page = fill_in(signed_in, path, bob)
    assert f"Signed in as <strong>{bob.username}</strong>" in page.text
    assert signed_in.cookies[settings.SESSION_COOKIE_NAME] != old_key
    old = Browser(signed_in.send, {settings.SESSION_COOKIE_NAME: old_key})
    assert old.get("/accounts/").status == 302
    assert sids_of(alice) == []
    [told] = LogoutNotification.objects.all()
    assert (told.client_id, told.user_id) == (app.client_id, str(alice.pk))
    members = session_of(signed_in)
    assert sids_of(bob) == [members[SID_MEMBER]]
    context = authentication_context(members)
    assert context is not None
    assert (context.user_id, context.amr) == (str(bob.pk), ("pwd",))
    assert [record["method"] for record in members[RECORDS_MEMBER]] == ["password"]
    back = signed_in.post(waiting.location, csrf(page) | {"decision": "allow"})
    assert app.redeem(back.redirect_members["code"]).status == 200


def test_the_same_person_keeps_the_session_under_a_new_key(
    signed_in: Browser, app: RelyingParty, alice: Any
) -> None:
    before, old_key = sids_of(alice), signed_in.cookies[settings.SESSION_COOKIE_NAME]
    _, path = asked(signed_in, app)
    assert "code" in fill_in(signed_in, path, alice).redirect_members
    assert signed_in.cookies[settings.SESSION_COOKIE_NAME] != old_key
    assert Browser(signed_in.send, {settings.SESSION_COOKIE_NAME: old_key}).get(
        "/accounts/"
    ).status == (302)
    assert_still(signed_in, app, alice, before)


def test_of_two_tabs_the_later_sign_in_counts(
    signed_in: Browser, app: RelyingParty, bob: Any
) -> None:
    """And what the other tab still shows is done as nobody else."""
    carol = new_person()
    _, first = asked(signed_in, app)
    _, second = asked(signed_in, app)
    page = signed_in.get(second)
    fill_in(signed_in, first, bob)
    next_page = re.search(r'name="next" value="([^"]+)"', page.text).group(1)
    fields = {"login": carol.username, "password": carol.raw_password, "next": next_page}
    headers = {"Content-Type": FORM, "Sec-Fetch-Site": "same-origin"}
    path, _, query = second.partition("?")
    body = urlencode(csrf(page) | fields).encode()
    answer = signed_in.follow(signed_in.request("POST", path, query, body, headers))
    assert f"Signed in as <strong>{carol.username}</strong>" in answer.text
    assert sids_of(bob) == []
    assert len(sids_of(carol)) == 1


def test_a_prompt_for_a_log_in_is_met_by_somebody_else(
    signed_in: Browser, app: RelyingParty, bob: Any
) -> None:
    waiting = app.authorize(signed_in, prompt="login")
    page = signed_in.follow(waiting)
    another = re.search(rf'href="({ANOTHER}[^"]+)"', page.text).group(1)
    assert f"Signed in as <strong>{bob.username}</strong>" in fill_in(signed_in, another, bob).text


def test_a_stranger_gets_an_ordinary_log_in(browser: Browser, app: RelyingParty, bob: Any) -> None:
    page = browser.get(ANOTHER)
    assert "<h1>Sign in</h1>" in page.text
    assert browser.post(
        ANOTHER, csrf(page) | {"login": bob.username, "password": bob.raw_password}
    ).location == ("/accounts/")


@pytest.mark.parametrize("following", ["https://evil.example/", "javascript:alert(1)"])
def test_the_way_back_leads_nowhere_else(signed_in: Browser, bob: Any, following: str) -> None:
    page = signed_in.get(ANOTHER, next=following)
    assert f'href="{following}' not in page.text
    fields = {"login": bob.username, "password": bob.raw_password, "next": following}
    assert signed_in.post(ANOTHER, csrf(page) | fields).location == "/accounts/"


def test_the_admin_offers_to_switch(signed_in: Browser, alice: Any) -> None:
    refused = signed_in.follow(signed_in.get("/admin/"))
    assert refused.status == 403
    assert f"You are signed in as <strong>{alice.username}</strong>" in refused.text
    assert re.search(rf'href="{ANOTHER}\?next=[^"]*admin[^"]*"', refused.text)
