"""ID tokens and userinfo signed as registered. Spec: Core 1.0 sections 2, 5.3.2 and 10.1."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from oidc.clients.repository import record_of
from oidc.clients.service import rotate_secret
from oidc.keys.algorithms import ID_TOKEN_ALGORITHMS
from oidc.models import OAuthClient
from oidc.tokens.logout_token import issue_logout_token
from tests.support.doors import Browser, Send
from tests.support.relying_party import ISSUER, RelyingParty, new_person, sign_in
from tests.support.tokens import half_hash, verified


def register(send: Send, alg: str, **metadata: Any) -> RelyingParty:
    return RelyingParty.register(send, "oidc-compat", id_token_signed_response_alg=alg, **metadata)


def row_of(client: RelyingParty) -> OAuthClient:
    return OAuthClient.objects.get(client_id=client.client_id)


@pytest.mark.parametrize("alg", ID_TOKEN_ALGORITHMS)
def test_2_the_algorithm_and_the_hashes_are_the_registered_ones(
    send: Send, alice: Any, alg: str
) -> None:
    client = register(send, alg)
    browser = Browser(send)
    sign_in(browser, alice)
    client.consented_by(alice)
    answer = client.authorize(browser, response_type="code id_token token").redirect_members
    tokens = client.redeem(answer["code"]).json()
    for id_token, access_token in (
        (answer["id_token"], answer["access_token"]),
        (tokens["id_token"], tokens["access_token"]),
    ):
        assert jwt.get_unverified_header(id_token)["alg"] == alg
        claims = verified(send, id_token, client.client_id, secret=str(client.client_secret))
        assert claims["at_hash"] == half_hash(alg, access_token)
    claims = verified(send, answer["id_token"], client.client_id, secret=str(client.client_secret))
    assert claims["c_hash"] == half_hash(alg, answer["code"])


@pytest.mark.parametrize("alg", ID_TOKEN_ALGORITHMS)
def test_3_1_2_1_an_id_token_of_every_algorithm_is_a_hint(send: Send, alice: Any, alg: str) -> None:
    client = register(send, alg)
    hint = client.tokens_for(alice)["id_token"]
    browser = Browser(send)
    sign_in(browser, alice)
    assert "code" in client.authorize(browser, prompt="none", id_token_hint=hint).redirect_members
    sign_in(browser, new_person())
    other = client.authorize(browser, prompt="none", id_token_hint=hint).redirect_members
    assert other["error"] == "login_required"


def test_a_symmetric_hint_proves_something_to_its_own_client_only(send: Send, alice: Any) -> None:
    """Whoever knows the secret can make one up: it must not reach beyond that client."""
    client, other = register(send, "HS256"), register(send, "HS256")
    browser = Browser(send)
    sign_in(browser, alice)
    for party in (client, other):
        party.consented_by(alice)
    claims = {"iss": ISSUER, "sub": str(alice.pk), "aud": client.client_id, "iat": 1, "exp": 2}
    header = {"typ": "JWT"}

    def answer(party: RelyingParty, secret: str, **changes: Any) -> dict[str, str]:
        hint = jwt.encode({**claims, **changes}, secret, "HS256", header)
        return party.authorize(browser, prompt="none", id_token_hint=hint).redirect_members

    assert "code" in answer(client, str(client.client_secret))
    refused = [
        answer(client, str(other.client_secret)),
        answer(client, str(other.client_secret), aud=other.client_id),
        answer(other, str(client.client_secret)),
        answer(other, str(client.client_secret), aud=other.client_id),
        answer(client, str(client.client_secret), aud="nobody"),
        answer(client, str(client.client_secret), aud=[client.client_id]),
        answer(client, str(client.client_secret), iss="https://other.example"),
        answer(client, "x" * 43),
    ]
    assert [members.get("error") for members in refused] == ["invalid_request"] * len(refused)


def test_a_client_of_another_algorithm_takes_no_symmetric_hint(send: Send, alice: Any) -> None:
    client = register(send, "RS256", token_endpoint_auth_method="client_secret_jwt")
    browser = Browser(send)
    sign_in(browser, alice)
    client.consented_by(alice)
    claims = {"iss": ISSUER, "sub": str(alice.pk), "aud": client.client_id, "iat": 1, "exp": 2}
    hint = jwt.encode(claims, str(client.client_secret), "HS256", {"typ": "JWT"})
    answer = client.authorize(browser, prompt="none", id_token_hint=hint).redirect_members
    assert answer["error"] == "invalid_request"


def test_10_1_hs256_uses_the_newest_secret(send: Send, alice: Any) -> None:
    client = register(send, "HS256")
    before = client.tokens_for(alice)["id_token"]
    old, client.client_secret = client.client_secret, rotate_secret(row_of(client)).client_secret
    after = client.tokens_for(alice)["id_token"]
    verified(send, before, client.client_id, secret=str(old))
    verified(send, after, client.client_id, secret=str(client.client_secret))
    browser = Browser(send)
    sign_in(browser, alice)
    for hint in (before, after):
        members = client.authorize(browser, prompt="none", id_token_hint=hint).redirect_members
        assert "code" in members


def test_hs256_without_a_valid_secret_is_told_to_the_client(send: Send, alice: Any) -> None:
    client = register(send, "HS256")
    browser = Browser(send)
    sign_in(browser, alice)
    client.consented_by(alice)
    row = row_of(client)
    row.client_secrets = []
    row.save()
    answer = client.authorize(browser, response_type="id_token").redirect_members
    assert (answer["error"], answer["state"]) == ("invalid_request", client.state)
    assert "id_token" not in answer


@pytest.mark.parametrize("alg", ID_TOKEN_ALGORITHMS)
def test_5_3_2_signed_userinfo(send: Send, alice: Any, alg: str) -> None:
    client = RelyingParty.register(send, userinfo_signed_response_alg=alg)
    answer = client.userinfo(client.tokens_for(alice)["access_token"])
    assert (answer.status, answer.header("Content-Type")) == (200, "application/jwt")
    assert answer.header("Cache-Control") == "no-store"
    assert jwt.get_unverified_header(answer.text)["alg"] == alg
    claims = verified(send, answer.text, client.client_id, secret=str(client.client_secret))
    assert (claims["iss"], claims["aud"]) == (ISSUER, client.client_id)
    assert (claims["sub"], claims["name"]) == (str(alice.pk), "Alice Liddell")


def test_signed_userinfo_is_no_id_token_hint(send: Send, alice: Any) -> None:
    """RFC 8725 section 3.11: one kind of token must not pass for another."""
    client = RelyingParty.register(send, userinfo_signed_response_alg="RS256")
    userinfo = client.userinfo(client.tokens_for(alice)["access_token"]).text
    browser = Browser(send)
    sign_in(browser, alice)
    answer = client.authorize(browser, id_token_hint=userinfo).redirect_members
    assert answer["error"] == "invalid_request"


def test_a_symmetric_logout_token_is_no_hint(send: Send, alice: Any) -> None:
    client = register(send, "HS256")
    token = issue_logout_token(record_of(row_of(client)), str(alice.pk), "a session")
    browser = Browser(send)
    sign_in(browser, alice)
    answer = client.authorize(browser, id_token_hint=token).redirect_members
    assert answer["error"] == "invalid_request"
