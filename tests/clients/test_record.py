"""The frozen client that the protocol works with."""

from __future__ import annotations

import dataclasses
from hashlib import sha256

import pytest
import time_machine

from oidc.clients.record import Client, ClientSecret
from oidc.clients.repository import record_of
from oidc.clients.service import create_client, update_client
from tests.clients.keys_for_tests import public_jwk


def secret(text: str, expires_at: int = 0) -> ClientSecret:
    return ClientSecret(sha256(text.encode()).hexdigest(), expires_at)


def client(**members: object) -> Client:
    return Client("id", "App", "web", "client_secret_basic", **members)  # type: ignore[arg-type]


def test_a_secret_is_valid_until_it_expires() -> None:
    subject = client(secrets=(secret("old", 1_800_000_060), secret("new")))
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        assert subject.check_client_secret("old") and subject.check_client_secret("new")
        assert not subject.check_client_secret("other")
        clock.shift(60)
        assert not subject.check_client_secret("old")
        assert subject.check_client_secret("new")


def test_without_secrets_none_is_right() -> None:
    assert not client().check_client_secret("")


def test_scope_is_narrowed_to_what_is_registered_and_keeps_its_order() -> None:
    assert client(scope=("a", "b")).get_allowed_scope("c b a") == "b a"
    assert client().get_allowed_scope("a") == ""


@pytest.mark.django_db
def test_every_member_of_a_row_reaches_the_record() -> None:
    created = create_client(
        "App",
        "web",
        metadata={
            "redirect_uris": ["https://app.example/cb"],
            "post_logout_redirect_uris": ["https://app.example/out"],
            "backchannel_logout_uri": "https://app.example/back",
            "frontchannel_logout_uri": "https://app.example/front",
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "ES256",
            "jwks": {"keys": [public_jwk("ES256", kid="a")]},
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "scope": "openid email",
            "id_token_signed_response_alg": "PS256",
            "default_max_age": 60,
            "client_uri": "https://app.example/1",
            "logo_uri": "https://app.example/2",
            "policy_uri": "https://app.example/3",
            "tos_uri": "https://app.example/4",
            "rotate_refresh_tokens": False,
            "trusted": True,
            "access_token_lifetime_seconds": 60,
            "access_token_audience": ["https://api.example"],
            "introspection_audience": ["https://rs.example"],
        },
    )
    row = created.client
    record = record_of(row)
    for field in dataclasses.fields(Client):
        if field.name in ("secrets", "scope", "self_registered", "logo_sha256"):
            continue
        stored, read = getattr(row, field.name), getattr(record, field.name)
        assert (sorted(read) if isinstance(read, frozenset | tuple) else read) == (
            sorted(stored) if isinstance(stored, list) else stored
        ), field.name
    assert record.scope == ("openid", "email")
    by_address = update_client(row, {"jwks": None, "jwks_uri": "https://app.example/jwks"})
    assert record_of(by_address).jwks_uri == "https://app.example/jwks"
    assert record_of(by_address).jwks is None
