"""id_token_hint. OpenID Connect Core 1.0 section 3.1.2.1; RFC 9700 section 4.11 (open redirects and
their kin: what a link that anybody can send must not do)."""

from __future__ import annotations

import time
from typing import Any

import jwt

from tests.protocol.test_interaction_pages import csrf
from tests.support.doors import Browser, Send
from tests.support.relying_party import ISSUER, RelyingParty, new_person, sign_in


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


def test_one_that_its_client_made_itself_proves_nothing(
    send: Send, browser: Browser, alice: Any
) -> None:
    """With HS256 the client has the key. Session and consent count as without a hint."""
    client = RelyingParty.register(send, id_token_signed_response_alg="HS256")

    def ask(person: Any) -> dict[str, str]:
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": client.client_id, "sub": str(person.pk), "iat": now}
        hint = jwt.encode(claims | {"exp": now + 60}, client.client_secret, "HS256")
        return client.authorize(browser, prompt="none", id_token_hint=hint).redirect_members

    assert ask(alice)["error"] == "login_required"
    sign_in(browser, alice)
    assert ask(alice)["error"] == "consent_required"
    client.consented_by(alice)
    assert "code" in ask(alice)
    assert ask(new_person())["error"] == "login_required"


def test_of_another_person_can_be_cancelled(
    browser: Browser, web: RelyingParty, alice: object
) -> None:
    hint = web.tokens_for(new_person())["id_token"]
    sign_in(browser, alice)
    answer = web.authorize(browser, id_token_hint=hint)
    page = browser.get(answer.location)
    back = browser.post(answer.location, csrf(page) | {"decision": "deny"})
    assert back.redirect_members["error"] == "access_denied"
