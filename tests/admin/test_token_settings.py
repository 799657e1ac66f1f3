"""Response types, signatures, encryption and pseudonyms in the admin's form for a client."""

from __future__ import annotations

import json

import pytest

from oidc.models.client import OAuthClient
from tests.admin.client_pages import ClientPages, errors_at, secret_of
from tests.clients.keys_for_tests import public_jwk

KEYS = json.dumps({"keys": [public_jwk("ES256", kid="e", use="enc")]})
pytestmark = pytest.mark.django_db


def fields_of(pages: ClientPages, client: OAuthClient) -> set[str]:
    return set(pages.open(client).context["adminform"].form.fields)


def test_only_a_kind_with_a_choice_is_asked_for_response_types(pages: ClientPages) -> None:
    assert "response_types" in fields_of(pages, pages.made("oidc-compat"))
    assert "response_types" not in fields_of(pages, pages.made("web"))
    machine = fields_of(pages, pages.made("machine"))
    assert not machine & {"response_types", "subject_type", "id_token_encrypted_response_alg"}


def test_response_types_and_grant_types_are_changed_together(pages: ClientPages) -> None:
    client = pages.made("oidc-compat")
    refused = pages.change(client, response_types=["code"])
    assert "go" in errors_at(refused, "response_types")[0]
    grant_types = ["authorization_code", "refresh_token"]
    answer = pages.change(client, response_types=["code"], grant_types=grant_types)
    assert answer.status_code == 302
    client.refresh_from_db()
    assert (client.response_types, client.grant_types) == (["code"], grant_types)


def test_tokens_can_be_encrypted_and_signed(pages: ClientPages) -> None:
    client = pages.made()
    entries = {
        "id_token_signed_response_alg": "EdDSA",
        "id_token_encrypted_response_alg": "ECDH-ES",
        "userinfo_signed_response_alg": "ES256",
        "userinfo_encrypted_response_alg": "ECDH-ES+A256KW",
        "userinfo_encrypted_response_enc": "A256GCM",
    }
    refused = pages.change(client, **entries)
    assert "public key" in errors_at(refused, "id_token_encrypted_response_alg")[0]
    assert pages.change(client, jwks=KEYS, **entries).status_code == 302
    client.refresh_from_db()
    assert {name: getattr(client, name) for name in entries} == entries
    plain = dict.fromkeys(entries, "") | {"id_token_signed_response_alg": "RS256"}
    back = pages.change(client, **plain)
    assert back.status_code == 302
    client.refresh_from_db()
    assert client.id_token_encrypted_response_alg == client.userinfo_signed_response_alg == ""


def test_access_tokens_have_another_signature_and_id_tokens_claims(pages: ClientPages) -> None:
    client = pages.made()
    entries = {"access_token_signing_alg": "RS256", "access_token_typ": "JWT"}
    assert pages.change(client, **entries, id_token_claims="on").status_code == 302
    client.refresh_from_db()
    assert {name: getattr(client, name) for name in entries} == entries
    assert client.id_token_claims
    assert pages.change(client, **dict.fromkeys(entries, "")).status_code == 302
    client.refresh_from_db()
    assert client.access_token_signing_alg == client.access_token_typ == ""
    assert "id_token_claims" not in fields_of(pages, pages.made("machine"))
    assert "access_token_signing_alg" in fields_of(pages, pages.made("machine"))


def test_hs256_needs_a_new_secret_which_the_page_offers(pages: ClientPages) -> None:
    client = pages.made()
    assert pages.change(client, id_token_signed_response_alg="HS256").status_code == 302
    client.refresh_from_db()
    assert client.client_secrets == []
    assert "None yet" in pages.open(client).content.decode()
    secret = secret_of(pages.press(client, "rotate-secret", overlap_seconds="0"))
    client.refresh_from_db()
    assert client.symmetric_secret_encrypted
    assert secret not in client.symmetric_secret_encrypted


def test_a_client_can_be_made_pairwise(pages: ClientPages) -> None:
    client = pages.made()
    two_hosts = "https://a.example/cb\r\nhttps://b.example/cb"
    refused = pages.change(client, subject_type="pairwise", redirect_uris=two_hosts)
    assert "one host" in errors_at(refused, "sector_identifier_uri")[0]
    assert pages.change(client, subject_type="pairwise").status_code == 302
    client.refresh_from_db()
    assert client.subject_type == "pairwise"
