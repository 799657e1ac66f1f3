"""id_token_hint. OpenID Connect Core 1.0 section 3.1.2.1; RFC 9700 section 4.11 (open redirects and
their kin: what a link that anybody can send must not do)."""

from __future__ import annotations

from tests.protocol.test_interaction_pages import csrf
from tests.support.doors import Browser, Send
from tests.support.relying_party import RelyingParty, new_person, sign_in


def test_of_another_client_is_refused(
    send: Send, browser: Browser, web: RelyingParty, alice: object
) -> None:
    hint = RelyingParty.register(send).tokens_for(alice)["id_token"]
    sign_in(browser, alice)
    web.consented_by(alice)
    answer = web.authorize(browser, id_token_hint=hint)
    assert answer.redirect_members["error"] == "invalid_request"


def test_a_link_with_a_strangers_hint_signs_nobody_out(
    send: Send, browser: Browser, web: RelyingParty, alice: object
) -> None:
    attackers = RelyingParty.register(send)
    hint = attackers.tokens_for(new_person())["id_token"]
    sign_in(browser, alice)
    web.consented_by(alice)
    page = browser.follow(attackers.authorize(browser, id_token_hint=hint))
    assert page.status == 200
    assert "expects another account" in page.text
    assert "code" in web.authorize(browser, prompt="none").redirect_members


def test_of_another_person_cannot_be_answered_by_continuing(
    browser: Browser, web: RelyingParty, alice: object
) -> None:
    hint = web.tokens_for(new_person())["id_token"]
    sign_in(browser, alice)
    web.consented_by(alice)
    answer = web.authorize(browser, id_token_hint=hint)
    page = browser.get(answer.location)
    for answered in ({"account": "continue"}, {"decision": "allow"}):
        again = browser.post(answer.location, csrf(page) | answered)
        assert "expects another account" in again.text


def test_of_another_person_can_be_cancelled(
    browser: Browser, web: RelyingParty, alice: object
) -> None:
    hint = web.tokens_for(new_person())["id_token"]
    sign_in(browser, alice)
    answer = web.authorize(browser, id_token_hint=hint)
    page = browser.get(answer.location)
    back = browser.post(answer.location, csrf(page) | {"decision": "deny"})
    assert back.redirect_members["error"] == "access_denied"
