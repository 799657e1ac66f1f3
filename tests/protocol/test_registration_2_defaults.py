"""What a client registers for all its requests. OpenID Connect Registration 1.0 section 2."""

from __future__ import annotations

import time
from typing import Any

import jwt
import time_machine
from django.conf import settings

from accounts.authentication import ACR_MFA, ACR_PASSWORD, RECORDS_MEMBER, RECORDS_USER_MEMBER
from authserver.sessions import SessionStore
from tests.support.doors import Browser, Send
from tests.support.relying_party import RelyingParty, sign_in


def claims_of(tokens: dict[str, Any]) -> dict[str, Any]:
    return jwt.decode(tokens["id_token"], options={"verify_signature": False})


def test_default_max_age_counts_where_a_request_has_none(send: Send, alice: Any) -> None:
    client, browser = RelyingParty.register(send, default_max_age=60), Browser(send)
    sign_in(browser, alice)
    client.consented_by(alice)
    assert "code" in client.authorize(browser, prompt="none").redirect_members
    with time_machine.travel(time.time() + 120):
        late = client.authorize(browser, prompt="none").redirect_members
        assert late["error"] == "login_required"
        longer = client.authorize(browser, prompt="none", max_age="3600").redirect_members
        assert "code" in longer


def test_require_auth_time_is_met_always(send: Send, alice: Any) -> None:
    for required in (True, False):
        client = RelyingParty.register(send, require_auth_time=required)
        assert abs(claims_of(client.tokens_for(alice))["auth_time"] - time.time()) < 60


def with_two_factors(browser: Browser, person: Any) -> None:
    """Note in the browser's session what a log-in with a password and a code leaves there."""
    session = SessionStore(browser.cookies[settings.SESSION_COOKIE_NAME])
    now = time.time()
    session[RECORDS_MEMBER] = [
        {"method": "password", "at": now},
        {"method": "mfa", "type": "totp", "at": now},
    ]
    session[RECORDS_USER_MEMBER] = str(person.pk)
    session.save()


def test_default_acr_values_count_where_a_request_has_none(send: Send, alice: Any) -> None:
    """Who has met more is told as having met what was asked for."""
    client, browser = RelyingParty.register(send, default_acr_values=[ACR_PASSWORD]), Browser(send)
    sign_in(browser, alice)
    with_two_factors(browser, alice)
    client.consented_by(alice)

    def acr(**changes: str) -> str:
        code = client.authorize(browser, **changes).redirect_members["code"]
        return str(claims_of(client.redeem(code).json())["acr"])

    assert acr() == ACR_PASSWORD
    assert acr(acr_values=ACR_MFA) == ACR_MFA


def test_default_acr_values_are_a_wish_that_may_stay_one(send: Send, alice: Any) -> None:
    client = RelyingParty.register(send, default_acr_values=[ACR_MFA])
    assert claims_of(client.tokens_for(alice))["acr"] == ACR_PASSWORD
