"""ID tokens and userinfo encrypted as registered. Spec: Core 1.0 sections 2, 5.3.2 and 10.2."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest

from oidc.keys import ring
from oidc.keys.algorithms import CONTENT_ENCRYPTIONS, ENCRYPTION_ALGORITHMS
from oidc.models import OAuthClient
from tests.clients.json_server import document, serving
from tests.clients.keys_for_tests import public_jwk
from tests.support.doors import Browser, Send
from tests.support.encryption import decrypted, encrypted_by, key_for
from tests.support.relying_party import ISSUER, RelyingParty, sign_in
from tests.support.tokens import verified

COMBINATIONS = list(product(ENCRYPTION_ALGORITHMS, CONTENT_ENCRYPTIONS))
KEYS = {
    "keys": [
        public_jwk("RS256", kid="rsa-sig", use="sig"),
        public_jwk("RS256", kid="rsa-enc", use="enc"),
        public_jwk("ES256", kid="ec-enc", use="enc"),
    ]
}


def register(send: Send, **metadata: Any) -> RelyingParty:
    return RelyingParty.register(send, "oidc-compat", **{"jwks": KEYS, **metadata})


@pytest.mark.parametrize(("alg", "enc"), COMBINATIONS)
def test_2_an_id_token_is_signed_then_encrypted(send: Send, alice: Any, alg: str, enc: str) -> None:
    client = register(
        send, id_token_encrypted_response_alg=alg, id_token_encrypted_response_enc=enc
    )
    header, inner = decrypted(client.tokens_for(alice)["id_token"])
    assert (header["alg"], header["enc"], header["cty"]) == (alg, enc, "JWT")
    assert header["kid"] == ("rsa-enc" if key_for(alg) == "RS256" else "ec-enc")
    claims = verified(send, inner, client.client_id)
    assert (claims["sub"], claims["nonce"]) == (str(alice.pk), client.nonce)


@pytest.mark.parametrize("alg", ["RSA-OAEP-256", "ECDH-ES"])
def test_an_id_token_of_the_front_channel_is_encrypted_too(
    send: Send, browser: Browser, alice: Any, alg: str
) -> None:
    client = register(send, id_token_encrypted_response_alg=alg)
    sign_in(browser, alice)
    client.consented_by(alice)
    answer = client.authorize(browser, response_type="id_token").redirect_members
    header, inner = decrypted(answer["id_token"])
    assert header["enc"] == "A128CBC-HS256"
    assert verified(send, inner, client.client_id)["name"] == "Alice Liddell"


@pytest.mark.parametrize(("alg", "enc"), COMBINATIONS)
def test_5_3_2_userinfo_is_encrypted_without_a_signature(
    send: Send, alice: Any, alg: str, enc: str
) -> None:
    client = register(
        send, userinfo_encrypted_response_alg=alg, userinfo_encrypted_response_enc=enc
    )
    answer = client.userinfo(client.tokens_for(alice)["access_token"])
    assert (answer.status, answer.header("Content-Type")) == (200, "application/jwt")
    header, plaintext = decrypted(answer.text)
    assert (header["alg"], header["enc"]) == (alg, enc)
    assert "cty" not in header
    claims = json.loads(plaintext)
    assert (claims["sub"], claims["name"]) == (str(alice.pk), "Alice Liddell")


def test_5_3_2_userinfo_is_signed_then_encrypted(send: Send, alice: Any) -> None:
    client = register(
        send, userinfo_signed_response_alg="ES256", userinfo_encrypted_response_alg="ECDH-ES"
    )
    answer = client.userinfo(client.tokens_for(alice)["access_token"])
    header, inner = decrypted(answer.text)
    assert (header["cty"], header["enc"]) == ("JWT", "A128CBC-HS256")
    claims = verified(send, inner, client.client_id)
    assert (claims["iss"], claims["sub"]) == (ISSUER, str(alice.pk))


# --- Which key ------------------------------------------------------------------------------------


def test_10_2_a_key_that_says_so_comes_first(send: Send, alice: Any) -> None:
    keys = [public_jwk("RS256", kid="both"), public_jwk("RS256", kid="enc", use="enc")]
    client = register(send, jwks={"keys": keys}, id_token_encrypted_response_alg="RSA-OAEP-256")
    assert decrypted(client.tokens_for(alice)["id_token"])[0]["kid"] == "enc"


def test_10_2_a_key_without_a_use_will_do(send: Send, alice: Any) -> None:
    client = register(
        send, jwks={"keys": [public_jwk("ES256")]}, id_token_encrypted_response_alg="ECDH-ES"
    )
    assert "kid" not in decrypted(client.tokens_for(alice)["id_token"])[0]


def test_10_2_keys_are_fetched_from_jwks_uri_once(send: Send, alice: Any, settings: Any) -> None:
    settings.GATEHOUSE = {**settings.GATEHOUSE, "fetch_private_addresses": True}
    with serving(document(KEYS)) as server:
        client = register(
            send,
            jwks=None,
            jwks_uri=f"http://127.0.0.1:{server.port}/jwks.json",
            id_token_encrypted_response_alg="RSA-OAEP",
        )
        assert decrypted(client.tokens_for(alice)["id_token"])[0]["kid"] == "rsa-enc"
        assert decrypted(client.tokens_for(alice)["id_token"])[0]["kid"] == "rsa-enc"
        assert len(server.requests) == 1


def test_without_a_key_the_client_is_told(send: Send, browser: Browser, alice: Any) -> None:
    """Never in the clear instead."""
    client = register(send, id_token_encrypted_response_alg="RSA-OAEP")
    row = OAuthClient.objects.get(client_id=client.client_id)
    row.jwks = {"keys": [public_jwk("ES256", kid="x", use="sig")]}
    row.save()
    answer = client.redeem(client.code_for(alice))
    assert (answer.status, answer.json()["error"]) == (400, "invalid_request")
    sign_in(browser, alice)
    members = client.authorize(browser, response_type="id_token").redirect_members
    assert (members["error"], "id_token" in members) == ("invalid_request", False)


# --- Coming back ----------------------------------------------------------------------------------


@pytest.mark.parametrize("library", ["joserfc", "authlib"])
def test_3_1_2_1_a_hint_may_be_encrypted_to_us(
    send: Send, browser: Browser, alice: Any, library: str
) -> None:
    client = register(send, id_token_encrypted_response_alg="RSA-OAEP")
    encrypted = client.tokens_for(alice)["id_token"]
    _, inner = decrypted(encrypted)
    keys = json.loads(ring.key_ring().jwks)["keys"]
    ours = next(key for key in keys if key["use"] == "enc" and key["kty"] == "RSA")
    to_us = encrypted_by(
        library, inner, ours, {"alg": "RSA-OAEP-256", "enc": "A128GCM", "kid": ours["kid"]}
    )
    sign_in(browser, alice)
    for hint in (inner, to_us):
        answer = client.authorize(browser, prompt="none", id_token_hint=hint)
        assert "code" in answer.redirect_members
    not_to_us = client.authorize(browser, prompt="none", id_token_hint=encrypted)
    assert not_to_us.redirect_members["error"] == "invalid_request"
