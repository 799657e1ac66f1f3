"""Clients that want to be told of a sign-out, and the steps of one."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from oidc.models import LogoutNotification
from tests.support.doors import Answer, Browser, Send
from tests.support.relying_party import RelyingParty, sign_in

AFTER_LOGOUT = "https://client.example/signed-out"
BACK_CHANNEL = "https://client.example/back-channel"
FRONT_CHANNEL = "https://client.example/front-channel"
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
HIDDEN_FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
FRAME = re.compile(r'<iframe[^>]* src="([^"]+)"')


def register(send: Send, profile: str = "web", **metadata: Any) -> RelyingParty:
    """Register a client that may have people sent back after a sign-out."""
    metadata.setdefault("post_logout_redirect_uris", [AFTER_LOGOUT])
    return RelyingParty.register(send, profile, **metadata)


def signed_in_through(browser: Browser, client: RelyingParty, person: Any) -> dict[str, Any]:
    """Sign somebody in to a client with this browser. Returns the token response."""
    if not browser.cookies.get("gatehouse_session"):
        sign_in(browser, person)
    client.consented_by(person)
    answer = client.authorize(browser)
    tokens = client.redeem(answer.redirect_members["code"])
    assert tokens.status == 200, tokens.text
    return tokens.json()


def log_out(browser: Browser, **parameters: str) -> Answer:
    """Open the logout endpoint and follow to the page that asks, or to where it ends."""
    return browser.follow(browser.get("/oauth2/logout", **parameters))


def confirm(browser: Browser, page: Answer, path: str) -> Answer:
    """Press the button of a page that asks. Returns the answer to the form itself."""
    return browser.post(path, dict(HIDDEN_FIELD.findall(page.text)))


def asks(page: Answer) -> bool:
    return page.status == 200 and "<h1>Sign out?</h1>" in page.text


def is_signed_out_page(page: Answer) -> bool:
    return page.status == 200 and "You are signed out" in page.text


def frames(page: Answer) -> list[str]:
    return [unescape(address) for address in FRAME.findall(page.text)]


def notified() -> set[tuple[str, str]]:
    """Return session and client of every notification in the outbox."""
    return set(LogoutNotification.objects.values_list("sid", "client_id"))
