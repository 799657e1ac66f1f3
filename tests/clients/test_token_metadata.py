"""Which response types and token settings a client may register.

Spec: OpenID Connect Registration 1.0 section 2; RFC 7591 section 2.1.
"""

from __future__ import annotations

from typing import Any

import pytest

from oidc.clients.profiles import RESPONSE_TYPES, grant_types_of
from oidc.clients.repository import record_of
from oidc.clients.service import create_client, validate_new_client
from oidc.clients.validation import InvalidClientMetadata
from tests.clients.keys_for_tests import public_jwk

SIG, ENC = public_jwk("RS256", kid="s", use="sig"), public_jwk("RS256", kid="e", use="enc")


def validated(profile: str = "oidc-compat", **metadata: Any) -> dict[str, Any]:
    metadata.setdefault("redirect_uris", ["https://app.example/cb"])
    return validate_new_client("App", profile, metadata)


def at_fault(profile: str = "oidc-compat", **metadata: Any) -> set[str]:
    with pytest.raises(InvalidClientMetadata) as refused:
        validated(profile, **metadata)
    return {problem.member for problem in refused.value.problems}


@pytest.mark.parametrize(
    ("response_type", "grant_types"),
    [
        ("code", {"authorization_code"}),
        ("id_token", {"implicit"}),
        ("id_token token", {"implicit"}),
        ("code id_token", {"authorization_code", "implicit"}),
        ("code token", {"authorization_code", "implicit"}),
        ("code id_token token", {"authorization_code", "implicit"}),
    ],
)
def test_grant_types_belong_to_response_types(response_type: str, grant_types: set[str]) -> None:
    assert grant_types_of([response_type]) == grant_types
    preset = set(validated(response_types=[response_type])["grant_types"])
    refresh = {"refresh_token"} if "code" in response_type else set()
    assert preset == grant_types | refresh


@pytest.mark.parametrize(
    ("response_types", "grant_types"),
    [
        (["code"], ["authorization_code", "implicit"]),
        (["code"], ["implicit"]),
        (["id_token"], ["authorization_code"]),
        (["id_token"], ["authorization_code", "implicit"]),
        (["code id_token"], ["authorization_code"]),
        (["code id_token"], ["implicit"]),
        ([], ["authorization_code"]),
    ],
)
def test_others_do_not_fit(response_types: list[str], grant_types: list[str]) -> None:
    members = at_fault(response_types=response_types, grant_types=grant_types)
    assert members == {"response_types"}


def test_refresh_tokens_come_with_codes_only() -> None:
    members = at_fault(response_types=["id_token"], grant_types=["implicit", "refresh_token"])
    assert members == {"grant_types"}


def test_the_order_of_the_words_does_not_matter() -> None:
    metadata = validated(response_types=["token code id_token", "id_token  token"])
    assert metadata["response_types"] == ["code id_token token", "id_token token"]


@pytest.mark.parametrize("response_types", [["token"], ["none"], ["code code"], [5], ["CODE"]])
def test_other_types_are_refused(response_types: list[Any]) -> None:
    assert at_fault(response_types=response_types) == {"response_types"}


@pytest.mark.parametrize("profile", ["web", "spa", "native", "agent"])
@pytest.mark.parametrize("response_type", [name for name in RESPONSE_TYPES if name != "code"])
def test_oauth_2_1_other_kinds_get_no_tokens_through_the_browser(
    profile: str, response_type: str
) -> None:
    members = at_fault(profile, response_types=[response_type])
    assert "response_types" in members
    grants = ["authorization_code", "implicit"]
    assert "grant_types" in at_fault(profile, grant_types=grants)


# --- Signatures with a secret -------------------------------------------------------------------


@pytest.mark.parametrize("member", ["id_token_signed_response_alg", "userinfo_signed_response_alg"])
def test_hs256_needs_a_secret(member: str) -> None:
    assert validated(**{member: "HS256"})[member] == "HS256"
    without = [
        {"token_endpoint_auth_method": "none"},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [SIG]}},
    ]
    for metadata in without:
        assert at_fault(**{member: "HS256"}, **metadata) == {member}


@pytest.mark.parametrize("alg", ["none", "HS512", "RS1", "", None, "rs256"])
def test_other_algorithms_are_refused(alg: Any) -> None:
    """`none` is for code-only clients that ask for it (Core section 2); here nobody gets it."""
    assert at_fault(id_token_signed_response_alg=alg) == {"id_token_signed_response_alg"}


@pytest.mark.parametrize(
    ("method", "alg", "is_good"),
    [
        ("client_secret_jwt", "HS256", True),
        ("client_secret_jwt", "ES256", False),
        ("private_key_jwt", "ES256", True),
        ("private_key_jwt", "HS256", False),
        ("client_secret_basic", "HS256", False),
        ("client_secret_basic", "ES256", False),
    ],
)
def test_an_assertion_algorithm_fits_its_method(method: str, alg: str, is_good: bool) -> None:
    metadata = {
        "token_endpoint_auth_method": method,
        "token_endpoint_auth_signing_alg": alg,
        "jwks": {"keys": [SIG]},
    }
    if is_good:
        assert validated(**metadata)["token_endpoint_auth_signing_alg"] == alg
    else:
        assert at_fault(**metadata) == {"token_endpoint_auth_signing_alg"}


# --- Encryption -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["id_token", "userinfo"])
def test_10_2_encryption_needs_a_key(kind: str) -> None:
    alg, enc = f"{kind}_encrypted_response_alg", f"{kind}_encrypted_response_enc"
    keys = {"jwks": {"keys": [SIG, ENC]}}
    assert validated(**keys, **{alg: "RSA-OAEP"})[alg] == "RSA-OAEP"
    assert validated(jwks_uri="https://app.example/keys", **{alg: "ECDH-ES"})[alg] == "ECDH-ES"
    assert at_fault(**{alg: "RSA-OAEP"}) == {alg}
    assert at_fault(**keys, **{alg: "ECDH-ES"}) == {alg}
    assert at_fault(jwks={"keys": [SIG]}, **{alg: "RSA-OAEP"}) == {alg}
    assert at_fault(**keys, **{enc: "A128GCM"}) == {enc}


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("id_token_encrypted_response_alg", "RSA1_5"),
        ("id_token_encrypted_response_alg", "dir"),
        ("id_token_encrypted_response_alg", "A128KW"),
        ("userinfo_encrypted_response_alg", "none"),
        ("id_token_encrypted_response_enc", "A192GCM"),
        ("userinfo_encrypted_response_enc", "none"),
        ("userinfo_signed_response_alg", "none"),
    ],
)
def test_other_encryptions_are_refused(member: str, value: str) -> None:
    assert at_fault(jwks={"keys": [ENC]}, **{member: value}) == {member}


def test_access_tokens_are_encrypted_for_an_api_with_a_name_and_a_key() -> None:
    alg, enc = "access_token_encryption_alg", "access_token_encryption_enc"
    good = {
        "redirect_uris": [],
        "introspection_audience": ["https://api.example"],
        "jwks": {"keys": [ENC]},
        alg: "RSA-OAEP-256",
        enc: "A256GCM",
    }
    assert validated("machine", **good)[alg] == "RSA-OAEP-256"
    assert at_fault("machine", **{**good, "introspection_audience": []}) == {alg}
    assert at_fault("machine", **{**good, "jwks": None}) == {alg}
    assert at_fault("machine", **{**good, alg: ""}) == {enc}
    assert at_fault("machine", **{**good, alg: "ECDH-ES"}) == {alg}
    assert at_fault("machine", **{**good, enc: "A128CBC-HS256"}) == {enc}


def test_access_tokens_are_jwts_or_opaque_and_not_both() -> None:
    assert validated()["access_token_format"] == "jwt"
    assert validated(access_token_format="opaque")["access_token_format"] == "opaque"
    for value in ("", "paseto", None, 1):
        assert at_fault(access_token_format=value) == {"access_token_format"}
    encrypting = {
        "redirect_uris": [],
        "introspection_audience": ["https://api.example"],
        "jwks": {"keys": [ENC]},
        "access_token_encryption_alg": "RSA-OAEP-256",
    }
    assert at_fault("machine", **encrypting, access_token_format="opaque") == {
        "access_token_format"
    }


def test_rfc9068_2_1_access_tokens_are_signed_with_a_key_and_have_one_of_two_types() -> None:
    assert validated()["access_token_signing_alg"] == validated()["access_token_typ"] == ""
    good = {"access_token_signing_alg": "RS256", "access_token_typ": "JWT"}
    assert good.items() <= validated(**good).items()
    for value in ("HS256", "none", "RS512", 1):
        assert at_fault(access_token_signing_alg=value) == {"access_token_signing_alg"}
    for value in ("jwt", "at+JWT", "logout+jwt", 1):
        assert at_fault(access_token_typ=value) == {"access_token_typ"}
    assert at_fault(access_token_format="opaque", **good) == set(good)


@pytest.mark.django_db
def test_everything_reaches_the_record() -> None:
    members = {
        "id_token_signed_response_alg": "EdDSA",
        "id_token_encrypted_response_alg": "RSA-OAEP",
        "id_token_encrypted_response_enc": "A256GCM",
        "userinfo_signed_response_alg": "PS256",
        "userinfo_encrypted_response_alg": "RSA-OAEP-256",
        "userinfo_encrypted_response_enc": "A128GCM",
        "access_token_signing_alg": "RS256",
        "access_token_typ": "JWT",
        "id_token_claims": True,
        "require_auth_time": True,
        "subject_type": "pairwise",
    }
    metadata = {"redirect_uris": ["https://app.example/cb"], "jwks": {"keys": [ENC]}, **members}
    record = record_of(create_client("App", "oidc-compat", metadata=metadata).client)
    assert {name: getattr(record, name) for name in members} == members
