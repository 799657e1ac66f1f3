"""A client that may have less than before gets no more of the rest, whatever was granted to it.

Spec: RFC 6749 sections 1.5 and 5.1 (`scope` tells the client); RFC 7662 section 2.2.
"""

from __future__ import annotations

from typing import Any

import pytest

from oidc.clients.service import update_client
from oidc.models import OAuthClient
from tests.support.doors import Send
from tests.support.relying_party import ISSUER, RelyingParty

ALL, LESS = "openid profile email offline_access", "openid profile offline_access"


def allow(client: RelyingParty, scope: str) -> None:
    update_client(OAuthClient.objects.get(client_id=client.client_id), {"scope": scope})


@pytest.fixture
def tokens(web: RelyingParty, alice: object) -> dict[str, Any]:
    return web.tokens_for(alice)


@pytest.mark.parametrize("asked", [None, ALL, "openid email profile offline_access"])
def test_a_refresh_yields_what_is_left(
    web: RelyingParty, tokens: dict[str, Any], asked: str | None
) -> None:
    assert tokens["scope"] == ALL
    allow(web, LESS)
    fresh = web.refresh(tokens["refresh_token"], scope=asked).json()
    assert set(fresh["scope"].split()) == set(LESS.split())
    assert "email" not in web.userinfo(fresh["access_token"]).json()


def test_without_openid_there_is_no_id_token(web: RelyingParty, tokens: dict[str, Any]) -> None:
    allow(web, "profile offline_access")
    fresh = web.refresh(tokens["refresh_token"]).json()
    assert "id_token" not in fresh
    assert web.userinfo(fresh["access_token"]).status == 403


def test_what_comes_back_was_granted_before(web: RelyingParty, tokens: dict[str, Any]) -> None:
    allow(web, LESS)
    fresh = web.refresh(tokens["refresh_token"]).json()
    allow(web, ALL)
    assert web.refresh(fresh["refresh_token"]).json()["scope"] == ALL


def test_a_code_on_its_way_yields_what_is_left(web: RelyingParty, alice: object) -> None:
    code = web.code_for(alice)
    allow(web, LESS)
    assert web.redeem(code).json()["scope"] == LESS


def test_whoever_asks_learns_at_once(send: Send, web: RelyingParty, tokens: dict[str, Any]) -> None:
    api = RelyingParty.register(send, "machine", scope="api", introspection_audience=[ISSUER])
    allow(web, LESS)
    assert "email" not in web.userinfo(tokens["access_token"]).json()
    for caller in (web, api):
        assert caller.introspect(tokens["access_token"]).json()["scope"] == LESS
    assert web.introspect(tokens["refresh_token"]).json()["scope"] == LESS


@pytest.mark.parametrize("asked", [None, ALL, "profile email"])
def test_6_a_refresh_of_which_nothing_is_left_is_invalid_scope(
    web: RelyingParty, tokens: dict[str, Any], asked: str | None
) -> None:
    """And it changes nothing: the refresh token is good for what comes back."""
    allow(web, "phone")
    answer = web.refresh(tokens["refresh_token"], scope=asked)
    assert (answer.status, answer.json()["error"]) == (400, "invalid_scope")
    allow(web, ALL)
    assert web.refresh(tokens["refresh_token"]).json()["scope"] == ALL


def test_6_asking_only_for_what_was_lost_is_invalid_scope(
    web: RelyingParty, tokens: dict[str, Any]
) -> None:
    allow(web, LESS)
    answer = web.refresh(tokens["refresh_token"], scope="email")
    assert (answer.status, answer.json()["error"]) == (400, "invalid_scope")
    assert web.refresh(tokens["refresh_token"]).json()["scope"] == LESS


def test_a_code_of_which_nothing_is_left_is_invalid_scope(web: RelyingParty, alice: object) -> None:
    code = web.code_for(alice)
    allow(web, "phone")
    assert web.redeem(code).json()["error"] == "invalid_scope"
