"""Pairwise subjects, wherever a client meets one. Spec: OpenID Connect Core 1.0 section 8."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.doors import Browser, Send
from tests.support.relying_party import ISSUER, RelyingParty, new_person, sign_in
from tests.support.tokens import verified

ELSEWHERE = "https://elsewhere.example/cb"


def register(send: Send, redirect_uri: str = "", **metadata: Any) -> RelyingParty:
    if redirect_uri:
        metadata["redirect_uris"] = [redirect_uri]
    client = RelyingParty.register(send, "oidc-compat", subject_type="pairwise", **metadata)
    client.redirect_uri = redirect_uri or client.redirect_uri
    return client


@pytest.fixture
def client(send: Send) -> RelyingParty:
    return register(send)


def sub_of(send: Send, client: RelyingParty, user: Any) -> str:
    token = client.tokens_for(user)["id_token"]
    return str(verified(send, token, client.client_id)["sub"])


def test_8_1_every_token_and_answer_has_the_same_sub(
    send: Send, client: RelyingParty, alice: Any
) -> None:
    tokens = client.tokens_for(alice)
    sub = verified(send, tokens["id_token"], client.client_id)["sub"]
    refreshed = client.refresh(tokens["refresh_token"]).json()
    seen = {
        "access token": verified(send, tokens["access_token"], ISSUER)["sub"],
        "userinfo": client.userinfo(tokens["access_token"]).json()["sub"],
        "introspection": client.introspect(tokens["access_token"]).json()["sub"],
        "refresh token": client.introspect(refreshed["refresh_token"]).json()["sub"],
        "refreshed": verified(send, refreshed["id_token"], client.client_id)["sub"],
    }
    assert seen == dict.fromkeys(seen, sub)
    assert str(alice.pk) not in str(tokens) + str(seen)


def test_8_1_signed_userinfo_has_it_too(send: Send, alice: Any) -> None:
    client = register(send, userinfo_signed_response_alg="ES256")
    tokens = client.tokens_for(alice)
    userinfo = verified(send, client.userinfo(tokens["access_token"]).text, client.client_id)
    assert userinfo["sub"] == verified(send, tokens["id_token"], client.client_id)["sub"]


@pytest.mark.parametrize("response_type", ["id_token", "code id_token token"])
def test_8_1_so_has_the_front_channel(
    send: Send, browser: Browser, client: RelyingParty, alice: Any, response_type: str
) -> None:
    sub = sub_of(send, client, alice)
    sign_in(browser, alice)
    answer = client.authorize(browser, response_type=response_type).redirect_members
    assert verified(send, answer["id_token"], client.client_id)["sub"] == sub


def test_8_1_sites_cannot_compare(send: Send, client: RelyingParty, alice: Any) -> None:
    public = RelyingParty.register(send)
    same_site, elsewhere = register(send), register(send, ELSEWHERE)
    sub = sub_of(send, client, alice)
    assert sub_of(send, same_site, alice) == sub
    assert len({sub, sub_of(send, elsewhere, alice), sub_of(send, public, alice)}) == 3
    assert sub_of(send, client, new_person()) != sub


def test_3_1_2_1_a_hint_is_compared_by_the_clients_own_sub(
    send: Send, browser: Browser, client: RelyingParty, alice: Any
) -> None:
    hint = client.tokens_for(alice)["id_token"]
    sign_in(browser, alice)
    assert "code" in client.authorize(browser, prompt="none", id_token_hint=hint).redirect_members
    sign_in(browser, new_person())
    answer = client.authorize(browser, prompt="none", id_token_hint=hint).redirect_members
    assert answer["error"] == "login_required"


def test_5_5_1_a_requested_sub_is_compared_so_too(
    send: Send, browser: Browser, client: RelyingParty, alice: Any
) -> None:
    sub = sub_of(send, client, alice)
    sign_in(browser, alice)
    for value, member in ((sub, "code"), (str(alice.pk), "error")):
        claims = f'{{"id_token":{{"sub":{{"value":"{value}"}}}}}}'
        answer = client.authorize(browser, prompt="none", claims=claims).redirect_members
        assert member in answer
