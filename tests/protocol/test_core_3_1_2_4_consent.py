"""Consent cannot be walked around. OpenID Connect Core 1.0 section 3.1.2.4; RFC 6749 section 10."""

from __future__ import annotations

from tests.protocol.test_interaction_pages import decide
from tests.support.doors import Browser
from tests.support.relying_party import RelyingParty, sign_in


def test_a_request_without_scope_asks_too(
    browser: Browser, web: RelyingParty, alice: object
) -> None:
    sign_in(browser, alice)
    silent = web.authorize(browser, scope=None, prompt="none")
    assert silent.redirect_members["error"] == "consent_required"
    answer = web.authorize(browser, scope=None)
    page = browser.follow(answer)
    assert 'value="allow"' in page.text
    assert "code" in decide(browser, answer.location, page, "allow").redirect_members
    assert "code" in web.authorize(browser, scope=None, prompt="none").redirect_members


def test_a_denied_request_without_scope_is_asked_again(
    browser: Browser, web: RelyingParty, alice: object
) -> None:
    sign_in(browser, alice)
    answer = web.authorize(browser, scope=None)
    decide(browser, answer.location, browser.follow(answer), "deny")
    silent = web.authorize(browser, scope=None, prompt="none")
    assert silent.redirect_members["error"] == "consent_required"
