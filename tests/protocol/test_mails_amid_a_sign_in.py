"""A mail in the middle of a sign-in leads back to the app: a forgotten password, a new address.

Spec: OpenID Connect Core 1.0 section 4 (`initiate_login_uri`); RFC 9700 section 4.11 (no open
redirectors); OWASP Forgot Password Cheat Sheet.
"""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import mail

from oidc.interaction_address import address_of, interaction_id_in
from oidc.stores.redis import interactions
from tests.protocol.test_interaction_pages import NEXT, csrf, decide, fill_in
from tests.protocol.test_ways_on import ways_on
from tests.support.doors import Answer, Browser, Send
from tests.support.relying_party import ISSUER, RelyingParty, new_person, sign_in

NEW_PASSWORD = "eleven loud gulls"
START = "https://client.example/start"
WAY_IN = f"{START}?iss=http%3A%2F%2Flocalhost%3A8000"
FORGOTTEN = re.compile(r'href="(/accounts/password/reset/[^"]*)"')


@pytest.fixture
def app(send: Send) -> RelyingParty:
    return RelyingParty.register(send, initiate_login_uri=START)


def link_in_mail() -> str:
    link = re.search(r"https?://\S+", mail.outbox[-1].body).group(0)
    assert link.startswith(f"{ISSUER}/accounts/")
    return link.removeprefix(ISSUER)


def ask_for_link(browser: Browser, page: Answer, person: Any) -> Answer:
    """Click "Forgotten your password?" and say one's address. Returns the page that follows."""
    path = html.unescape(FORGOTTEN.search(page.text).group(1))
    form = browser.get(path)
    following = NEXT.search(form.text)
    fields = {"email": person.email} | ({"next": following.group(1)} if following else {})
    return browser.follow(browser.post(path, csrf(form) | fields))


def choose_password(browser: Browser) -> Answer:
    """Open the link in the mail and choose a password. Returns the page that follows."""
    address = browser.get(link_in_mail()).location
    assert "set-password" in address
    page = browser.get(address)
    following = NEXT.search(page.text)
    fields = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    fields |= {"next": html.unescape(following.group(1))} if following else {}
    action = re.search(r'<form method="post" action="([^"]+)"', page.text).group(1)
    return browser.follow(browser.post(action, csrf(page) | fields))


def test_a_forgotten_password_returns_to_the_app(
    browser: Browser, app: RelyingParty, alice: Any
) -> None:
    waiting = app.authorize(browser)
    sent = ask_for_link(browser, browser.follow(waiting), alice)
    assert "Look into your mail" in sent.text
    done = choose_password(browser)
    assert "Your password is changed" in done.text
    assert "A web client" in done.text
    alice.raw_password = NEW_PASSWORD
    consent = fill_in(browser, ways_on(done)["Sign in"], alice)
    back = decide(browser, waiting.location, consent, "allow")
    assert app.redeem(back.redirect_members["code"]).status == 200


def test_so_does_one_that_somebody_has_to_confirm(
    browser: Browser, app: RelyingParty, alice: Any
) -> None:
    sign_in(browser, alice)
    waiting = app.authorize(browser, prompt="login")
    ask_for_link(browser, browser.follow(waiting), alice)
    done = choose_password(browser)
    alice.raw_password = NEW_PASSWORD
    assert 'value="allow"' in fill_in(browser, ways_on(done)["Sign in"], alice).text


def test_another_browser_is_led_to_the_app(
    send: Send, browser: Browser, app: RelyingParty, alice: Any
) -> None:
    ask_for_link(browser, browser.follow(app.authorize(browser)), alice)
    done = choose_password(Browser(send))
    assert "Your password is changed" in done.text
    assert ways_on(done) == {"Continue to A web client": WAY_IN}


def test_so_is_who_comes_too_late(browser: Browser, app: RelyingParty, alice: Any) -> None:
    waiting = app.authorize(browser)
    ask_for_link(browser, browser.follow(waiting), alice)
    interactions.consume(interaction_id_in(waiting.location), request_id="x")
    assert ways_on(choose_password(browser)) == {"Continue to A web client": WAY_IN}


def test_an_app_without_an_address_leaves_the_account(
    send: Send, browser: Browser, web: RelyingParty, alice: Any
) -> None:
    ask_for_link(browser, browser.follow(web.authorize(browser)), alice)
    assert ways_on(choose_password(Browser(send))) == {"Sign in": "/accounts/login/"}


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example/",
        "//evil.example/interaction/x",
        "/accounts/logout/",
        "/interaction/PERSON-KEY/",
        "/interaction/call us at 555",
        "/interaction/x?next=https://evil.example/",
        "/interaction/" + "x" * 65,
    ],
)
def test_a_mail_carries_nothing_that_a_stranger_made_up(
    browser: Browser, alice: Any, following: str
) -> None:
    path = "/accounts/password/reset/"
    form = browser.get(path)
    browser.post(path, csrf(form) | {"email": alice.email, "next": following})
    assert urlsplit(link_in_mail()).query == ""


def test_the_key_of_the_link_is_in_no_other_part_of_it(browser: Browser, alice: Any) -> None:
    """`PERSON-KEY` stands for it while the link is made."""
    path = "/accounts/password/reset/"
    form = browser.get(path)
    fields = {"email": alice.email, "next": "/interaction/PERSON-KEY"}
    browser.post(path, csrf(form) | fields)
    assert parse_qs(urlsplit(link_in_mail()).query) == {"next": ["/interaction/PERSON-KEY"]}


def test_a_stranger_can_not_have_a_mail_name_an_app(
    send: Send, browser: Browser, app: RelyingParty, alice: Any
) -> None:
    """Only an address that we made names one."""
    waiting = app.authorize(browser)
    interaction = interactions.find(interaction_id_in(waiting.location))
    assert address_of(interaction, app.client_id) == waiting.location
    forged = waiting.location[:-4] + "AAAA"
    path = "/accounts/password/reset/"
    form = browser.get(path)
    browser.post(path, csrf(form) | {"email": alice.email, "next": forged})
    assert ways_on(choose_password(Browser(send))) == {"Sign in": "/accounts/login/"}


def test_a_confirmed_address_returns_to_the_app(
    browser: Browser, app: RelyingParty, settings: Any
) -> None:
    settings.SIGN_UP_OPEN = True
    settings.GATEHOUSE = {**settings.GATEHOUSE, "sign_up_open": True}
    waiting = app.authorize(browser, prompt="create")
    path = browser.get(waiting.location).location
    page = browser.get(path)
    name = new_person().username.replace("person", "carol")
    fields = {
        "username": name,
        "email": f"{name}@example.org",
        "password1": NEW_PASSWORD,
        "password2": NEW_PASSWORD,
        "next": html.unescape(NEXT.search(page.text).group(1)),
    }
    consent = browser.follow(browser.post(path, csrf(page) | fields))
    assert 'value="allow"' in consent.text
    link = link_in_mail()
    home = browser.follow(browser.post(link, csrf(browser.get(link))))
    assert "You have confirmed" in home.text
    assert ways_on(home)["Continue to A web client"] == waiting.location
    decide(browser, waiting.location, browser.get(waiting.location), "allow")
    home = browser.get("/accounts/", next=waiting.location)
    assert ways_on(home)["Continue to A web client"] == WAY_IN


def test_a_changed_password_returns_to_the_app(
    browser: Browser, app: RelyingParty, alice: Any
) -> None:
    sign_in(browser, alice)
    waiting = app.authorize(browser)
    path = "/accounts/password/change/"
    page = browser.get(path, next=waiting.location)
    fields = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    fields |= {"oldpassword": alice.raw_password, "next": waiting.location}
    assert browser.post(path, csrf(page) | fields).location == waiting.location
    assert browser.get(waiting.location).location.startswith("/accounts/login/?next=")
