"""Disabling a client stops it at once, tokens in flight included; enabling lets it go on.

Spec: RFC 6750 section 3.1; RFC 7662 section 2.2.
"""

from __future__ import annotations

import pytest

from oidc.clients.service import delete_client, disable_client, enable_client
from oidc.models import OAuthClient
from tests.support.doors import Browser, Send
from tests.support.relying_party import ISSUER, RelyingParty, sign_in


def row(client: RelyingParty) -> OAuthClient:
    return OAuthClient.objects.get(client_id=client.client_id)


@pytest.fixture
def api(send: Send) -> RelyingParty:
    """A resource server that may look up tokens meant for the issuer."""
    return RelyingParty.register(send, "machine", scope="api", introspection_audience=[ISSUER])


def test_its_access_tokens_end_and_come_back(
    web: RelyingParty, api: RelyingParty, alice: object
) -> None:
    token = web.tokens_for(alice)["access_token"]
    assert api.introspect(token).json()["active"]
    disable_client(row(web))
    refused = web.userinfo(token)
    assert refused.status == 401
    assert 'error="invalid_token"' in refused.header("WWW-Authenticate")
    assert api.introspect(token).json() == {"active": False}
    enable_client(row(web))
    assert web.userinfo(token).status == 200
    assert api.introspect(token).json()["active"]


def test_a_machines_token_ends_too(api: RelyingParty, machine: RelyingParty) -> None:
    token = machine.token({"grant_type": "client_credentials"}).json()["access_token"]
    assert api.introspect(token).json()["active"]
    disable_client(row(machine))
    assert api.introspect(token).json() == {"active": False}


def test_a_code_is_worth_nothing_to_it(web: RelyingParty, alice: object) -> None:
    code = web.code_for(alice)
    disable_client(row(web))
    answer = web.redeem(code)
    assert (answer.status, answer.json()["error"]) == (401, "invalid_client")


def test_a_refresh_token_is_worth_nothing_to_it(web: RelyingParty, alice: object) -> None:
    refresh_token = web.tokens_for(alice)["refresh_token"]
    disable_client(row(web))
    assert web.refresh(refresh_token).json()["error"] == "invalid_client"
    enable_client(row(web))
    assert web.refresh(refresh_token).status == 200


def test_nobody_is_sent_back_to_it(browser: Browser, web: RelyingParty, alice: object) -> None:
    """A sign-in that waits for consent ends on our side."""
    sign_in(browser, alice)
    waiting = web.authorize(browser)
    assert browser.get(waiting.location).status == 200
    delete_client(row(web))
    for path in (waiting.location, "/oauth2/authorize?client_id=" + web.client_id):
        answer = browser.get(path)
        assert (answer.status, answer.location) == (400, "")


def test_public_clients_may_not_introspect_and_are_challenged(spa: RelyingParty) -> None:
    answer = spa.introspect("x")
    assert (answer.status, answer.json()["error"]) == (401, "invalid_client")
    assert answer.header("WWW-Authenticate").startswith("Basic ")
