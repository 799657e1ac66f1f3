"""What a client may do with a grant depends on what it is. RFC 6749 sections 4.4 and 6; OAuth 2.1
section 4.3.1 (rotation); OpenID Connect Core 1.0 section 3.1.2.4 (consent)."""

from __future__ import annotations

import pytest

from oidc.clients.repository import cache
from oidc.models import OAuthClient
from tests.support.battery import assert_refused
from tests.support.doors import Browser, Send
from tests.support.relying_party import RelyingParty, sign_in


def change(client: RelyingParty, **columns: object) -> None:
    """Change a row behind the back of all validation."""
    OAuthClient.objects.filter(client_id=client.client_id).update(**columns)
    cache.clear()


def test_4_4_2_an_agent_for_itself_gets_no_scope_about_people(send: Send) -> None:
    agent = RelyingParty.register(send, "agent", scope="openid profile email api")
    form = {"grant_type": "client_credentials"}
    answer = agent.token(form)
    assert answer.json()["scope"] == "api"
    assert not {"id_token", "refresh_token"} & answer.json().keys()
    for scope in ("openid", "api email", "profile"):
        refused = assert_refused(agent.token(form | {"scope": scope}), 400)
        assert refused["error"] == "invalid_scope"
    assert agent.userinfo(answer.json()["access_token"]).status == 403


def test_4_4_public_clients_have_no_credentials_whatever_is_registered(spa: RelyingParty) -> None:
    change(spa, grant_types=["authorization_code", "client_credentials"])
    refused = assert_refused(spa.token({"grant_type": "client_credentials"}), 400)
    assert refused["error"] == "unauthorized_client"


@pytest.mark.parametrize("times", [1, 4])
def test_6_a_confidential_client_may_keep_its_refresh_token(
    send: Send, alice: object, times: int
) -> None:
    client = RelyingParty.register(send, rotate_refresh_tokens=False)
    token = client.tokens_for(alice)["refresh_token"]
    for _ in range(times):
        assert client.refresh(token).json()["refresh_token"] == token


def test_oauth21_4_3_1_a_public_client_rotates_whatever_is_registered(
    spa: RelyingParty, alice: object
) -> None:
    change(spa, rotate_refresh_tokens=False)
    token = spa.tokens_for(alice)["refresh_token"]
    assert spa.refresh(token).json()["refresh_token"] != token


def test_5_2_no_refresh_token_for_who_may_not_refresh(send: Send, alice: object) -> None:
    client = RelyingParty.register(send, grant_types=["authorization_code"])
    tokens = client.tokens_for(alice)
    assert "refresh_token" not in tokens
    assert "offline_access" not in tokens["scope"].split()
    assert client.refresh("x").json()["error"] == "unauthorized_client"


def test_oauth21_4_1_1_a_public_client_needs_pkce_whatever_is_registered(
    spa: RelyingParty, browser: Browser
) -> None:
    change(spa, require_pkce=False)
    answer = spa.authorize(browser, code_challenge=None, code_challenge_method=None)
    refused = assert_refused(answer, redirected_to=spa.redirect_uri)
    assert refused["error"] == "invalid_request"


def test_4_1_2_1_codes_are_for_clients_of_the_code_grant(
    web: RelyingParty, browser: Browser
) -> None:
    change(web, grant_types=["refresh_token"])
    refused = assert_refused(web.authorize(browser), redirected_to=web.redirect_uri)
    assert refused["error"] == "unauthorized_client"


def test_a_companys_own_app_asks_for_no_consent(
    send: Send, browser: Browser, alice: object
) -> None:
    trusted, other = RelyingParty.register(send, trusted=True), RelyingParty.register(send)
    sign_in(browser, alice)
    assert "code" in trusted.authorize(browser, prompt="none").redirect_members
    answer = trusted.authorize(browser, prompt="consent")
    assert answer.location.startswith("/interaction/")
    refused = other.authorize(browser, prompt="none")
    assert refused.redirect_members["error"] == "consent_required"
