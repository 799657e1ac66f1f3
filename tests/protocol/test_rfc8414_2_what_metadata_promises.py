"""Everything that the metadata promises is used, and what it leaves out is refused.

Response types, modes, client authentication, signatures and subjects, in combination, are used by
`test_relying_party_matrix.py`; encryptions by `test_core_10_2_encryption.py`; what depends on
settings by `test_rfc8414_2_metadata_and_settings.py`.

Spec: RFC 8414 section 2; OpenID Connect Discovery 1.0 section 3.
"""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest

from accounts.authentication import ACR_MFA, ACR_VALUES
from oidc.endpoints import metadata as endpoint
from oidc.endpoints.metadata import provider_metadata
from tests.clients.keys_for_tests import PRIVATE_KEYS, public_jwk
from tests.protocol.registering import register
from tests.protocol.test_userinfo_introspection_revocation import ALL_CLAIMS
from tests.support.assertions import Signer
from tests.support.doors import FORM, Browser, Send
from tests.support.relying_party import ISSUER, RelyingParty, new_person, sign_in


@pytest.fixture
def metadata(send: Send, open_registration: None) -> dict[str, Any]:
    """With registration open, so that every value can be registered or refused."""
    return read_metadata(send)


def read_metadata(send: Send) -> dict[str, Any]:
    endpoint._prepared.cache_clear()
    try:
        return send("GET", "/.well-known/openid-configuration", "", b"", {}).json()
    finally:
        endpoint._prepared.cache_clear()


# --- What is promised, used -----------------------------------------------------------------------


def test_every_endpoint_is_there(send: Send, metadata: dict[str, Any]) -> None:
    for name, address in metadata.items():
        if name.endswith(("_endpoint", "_uri", "_iframe")):
            path = address.removeprefix(ISSUER)
            answer = send("POST", path, "", b"", {"Content-Type": FORM})
            assert answer.status not in (404, 500), name


def test_every_scope_and_claim_is_delivered(
    send: Send, web: RelyingParty, metadata: dict[str, Any]
) -> None:
    client = RelyingParty.register(
        send, scope=" ".join(metadata["scopes_supported"]), backchannel_logout_uri="https://a.b/"
    )
    person = new_person(**ALL_CLAIMS)
    tokens = client.tokens_for(person, scope=" ".join(metadata["scopes_supported"]))
    assert set(tokens["scope"].split()) == set(metadata["scopes_supported"])
    identity = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    delivered = set(identity) | set(client.userinfo(tokens["access_token"]).json())
    assert delivered >= set(metadata["claims_supported"])


def test_every_prompt_is_understood(
    browser: Browser, web: RelyingParty, metadata: dict[str, Any]
) -> None:
    for prompt in metadata["prompt_values_supported"]:
        answer = web.authorize(browser, prompt=prompt)
        expected = {"error": "login_required"} if prompt == "none" else {}
        assert expected.items() <= answer.redirect_members.items()
        assert bool(expected) or answer.location.startswith("/interaction/")


def test_every_acr_is_understood(
    browser: Browser, web: RelyingParty, alice: Any, metadata: dict[str, Any]
) -> None:
    """Only what people can reach is promised: nobody can enrol a second factor here yet."""
    [reachable] = metadata["acr_values_supported"]
    tokens = web.tokens_for(alice, acr_values=f"{ACR_MFA} {reachable}")
    assert jwt.decode(tokens["id_token"], options={"verify_signature": False})["acr"] == reachable
    sign_in(browser, alice)
    essential = {"id_token": {"acr": {"essential": True, "value": ACR_MFA}}}
    answer = web.authorize(browser, claims=json.dumps(essential))
    assert answer.redirect_members["error"] == "unmet_authentication_requirements"


def test_where_a_second_factor_can_be_enrolled_its_acr_is_promised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("accounts.authentication.apps.is_installed", "allauth.mfa".__eq__)
    assert provider_metadata()["acr_values_supported"] == ACR_VALUES


def test_every_algorithm_of_assertions_is_taken(send: Send, metadata: dict[str, Any]) -> None:
    promised = metadata["token_endpoint_auth_signing_alg_values_supported"]
    for alg in promised:
        if alg in PRIVATE_KEYS:
            signer = Signer(send, alg, token_endpoint_auth_signing_alg=alg)
            assert signer.send(signer.assertion()).status == 200
    assert set(promised) - set(PRIVATE_KEYS) == {"HS256"}, "see test_core_9_client_secret_jwt.py"


def test_every_algorithm_of_request_objects_is_taken(
    send: Send, browser: Browser, alice: Any, metadata: dict[str, Any]
) -> None:
    sign_in(browser, alice)
    for alg in metadata["request_object_signing_alg_values_supported"]:
        keys = {"keys": [public_jwk(alg)]}
        client = RelyingParty.register(send, request_object_signing_alg=alg, jwks=keys)
        client.consented_by(alice)
        claims = client.parameters() | {"iss": client.client_id, "aud": ISSUER}
        request = jwt.encode(claims, PRIVATE_KEYS[alg], alg)
        assert "code" in client.authorize(browser, request=request, nonce=None).redirect_members


def test_every_grant_type_can_be_registered(send: Send, metadata: dict[str, Any]) -> None:
    """But for that of machines, which need somebody's permission: see registration."""
    promised = set(metadata["grant_types_supported"]) - {"client_credentials"}
    assert promised == {"authorization_code", "refresh_token", "implicit"}
    types = ["code", "id_token"]
    answer = register(send, grant_types=sorted(promised), response_types=types)
    assert (answer.status, set(answer.json()["grant_types"])) == (201, promised)


# --- What is not, refused -------------------------------------------------------------------------

MEMBERS = [
    ("response_types_supported", "response_types", ["none"]),
    ("grant_types_supported", "grant_types", ["password"]),
    ("subject_types_supported", "subject_type", "ephemeral"),
    ("id_token_signing_alg_values_supported", "id_token_signed_response_alg", "none"),
    ("id_token_signing_alg_values_supported", "id_token_signed_response_alg", "HS512"),
    ("id_token_encryption_alg_values_supported", "id_token_encrypted_response_alg", "RSA1_5"),
    ("userinfo_signing_alg_values_supported", "userinfo_signed_response_alg", "ES512"),
    ("userinfo_encryption_alg_values_supported", "userinfo_encrypted_response_alg", "dir"),
    ("request_object_signing_alg_values_supported", "request_object_signing_alg", "HS256"),
    ("request_object_encryption_alg_values_supported", "request_object_encryption_alg", "A128KW"),
    ("token_endpoint_auth_methods_supported", "token_endpoint_auth_method", "tls_client_auth"),
    ("token_endpoint_auth_signing_alg_values_supported", "token_endpoint_auth_signing_alg", "none"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "member", "value"), MEMBERS, ids=str)
def test_what_is_left_out_cannot_be_registered(
    send: Send, metadata: dict[str, Any], name: str, member: str, value: Any
) -> None:
    assert not {value if isinstance(value, str) else value[0]} & set(metadata[name])
    keys = {"keys": [public_jwk("RS256")]}
    answer = register(send, jwks=keys, **{member: value})
    assert (answer.status, answer.json()["error"]) == (400, "invalid_client_metadata")


REQUESTS = [
    ("response_modes_supported", {"response_mode": "query.jwt"}, "invalid_request"),
    ("response_types_supported", {"response_type": "none"}, "unsupported_response_type"),
    ("code_challenge_methods_supported", {"code_challenge_method": "plain"}, "invalid_request"),
    ("prompt_values_supported", {"prompt": "create"}, "invalid_request"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "parameters", "error"), REQUESTS, ids=str)
def test_what_is_left_out_cannot_be_asked_for(
    browser: Browser,
    web: RelyingParty,
    metadata: dict[str, Any],
    name: str,
    parameters: dict[str, str],
    error: str,
) -> None:
    assert not set(parameters.values()) & set(metadata[name])
    assert web.authorize(browser, **parameters).redirect_members["error"] == error


def test_the_registration_parameter_is_refused(
    browser: Browser, web: RelyingParty, metadata: dict[str, Any]
) -> None:
    answer = web.authorize(browser, registration="{}")
    assert answer.redirect_members["error"] == "registration_not_supported"
    assert "require_pushed_authorization_requests" not in metadata
    assert metadata["claim_types_supported"] == ["normal"]
