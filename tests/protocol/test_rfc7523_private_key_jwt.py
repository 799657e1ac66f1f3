"""Client authentication by a signed JWT. RFC 7523 section 3; Core 1.0 section 9; RFC 8725."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from oidc.models import FailedRequest
from tests.clients.keys_for_tests import PRIVATE_KEYS, jwk_of, public_jwk
from tests.stores.concurrency import all_at_once
from tests.support.assertions import (
    ASSERTION_TYPE,
    TOKEN_ENDPOINT,
    Signer,
    assert_invalid_client,
)
from tests.support.battery import (
    DEEP,
    FORM_HEADERS,
    MARKER,
    assert_refused,
    encode,
    forged,
    hs256,
)
from tests.support.doors import Send, send_to_wsgi
from tests.support.relying_party import ISSUER, RelyingParty, basic


@pytest.fixture
def signer(send: Send) -> Signer:
    return Signer(send)


# --- What is good ---------------------------------------------------------------------------------


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA"])
def test_every_advertised_algorithm(send: Send, alg: str) -> None:
    signer = Signer(send, alg)
    assert signer.send(signer.assertion()).status == 200


@pytest.mark.parametrize(
    "change",
    [
        {"aud": TOKEN_ENDPOINT},
        {"aud": [ISSUER]},
        {"aud": [ISSUER, TOKEN_ENDPOINT]},
        {"iat": None},
        {"nbf": int(time.time()) - 60},
        {"exp": int(time.time()) + 3000},
        {"jti": "j" * 2000},
        {"unknown": {"nested": [1, 2, 3]}},
    ],
    ids=lambda change: next(iter(change)),  # a time would differ between test processes
)
def test_3_good_assertions(signer: Signer, change: dict[str, Any]) -> None:
    assert signer.send(signer.assertion(**change)).status == 200


def test_4_2_client_id_may_come_along_if_it_is_the_same(signer: Signer) -> None:
    assert signer.send(signer.assertion(), client_id=signer.client_id).status == 200
    refused = signer.send(signer.assertion(), client_id="another")
    assert assert_refused(refused, 400)["error"] == "invalid_request"


def test_small_clock_differences_are_forgiven(signer: Signer) -> None:
    now = int(time.time())
    assert signer.send(signer.assertion(iat=now + 5, nbf=now + 5)).status == 200
    assert signer.send(signer.assertion(exp=now - 5)).status == 200


def test_works_at_revocation_and_introspection(signer: Signer) -> None:
    token = signer.send(signer.assertion()).json()["access_token"]
    for path, status in (("/oauth2/introspect", 200), ("/oauth2/revoke", 200)):
        fields = {
            "token": token,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": signer.assertion(),
        }
        answer = signer.client.send("POST", path, "", urlencode(fields).encode(), FORM_HEADERS)
        assert answer.status == status
    fields["client_assertion"] = signer.assertion()
    answer = signer.client.send(
        "POST", "/oauth2/introspect", "", urlencode(fields).encode(), FORM_HEADERS
    )
    assert answer.json() == {"active": False}


# --- What is not ----------------------------------------------------------------------------------

NOW = int(time.time())
BAD_CLAIMS: dict[str, dict[str, Any]] = {
    "aud of another server": {"aud": "https://other.example"},
    "aud with a slash": {"aud": ISSUER + "/"},
    "aud of another endpoint": {"aud": ISSUER + "/oauth2/authorize"},
    "aud of another server besides": {"aud": [ISSUER, "https://other.example"]},
    "aud of another server first": {"aud": ["https://other.example", TOKEN_ENDPOINT]},
    "no aud": {"aud": None},
    "empty aud": {"aud": []},
    "aud is an object": {"aud": {"iss": ISSUER}},
    "aud has numbers": {"aud": [ISSUER, 1]},
    "iss is not sub": {"sub": "another"},
    "iss of another": {"iss": "another"},
    "iss and sub of another": {"iss": "another", "sub": "another"},
    "no iss": {"iss": None},
    "no sub": {"sub": None},
    "iss is a list": {"iss": ["x"], "sub": ["x"]},
    "iss is empty": {"iss": "", "sub": ""},
    "expired": {"exp": NOW - 60},
    "expires in a year": {"exp": NOW + 365 * 24 * 3600},
    "expires in two hours": {"exp": NOW + 7200},
    "no exp": {"exp": None},
    "exp is text": {"exp": "soon"},
    "exp is a number as text": {"exp": str(NOW + 60)},
    "exp is true": {"exp": True},
    "exp is a list": {"exp": [NOW + 60]},
    "exp is huge": {"exp": 10**300},
    "exp is infinite": {"exp": float("inf")},
    "exp is not a number": {"exp": float("nan")},
    "nbf in an hour": {"nbf": NOW + 3600},
    "iat in an hour": {"iat": NOW + 3600},
    "iat is text": {"iat": "now"},
    "nbf is infinite": {"nbf": float("inf")},
    "no jti": {"jti": None},
    "empty jti": {"jti": ""},
    "jti is a number": {"jti": 7},
    "jti is a list": {"jti": ["x"]},
    "longer than any assertion": {"padding": "x" * 8192},
}


@pytest.mark.parametrize("change", BAD_CLAIMS.values(), ids=BAD_CLAIMS)
def test_3_bad_claims_are_invalid_client(signer: Signer, change: dict[str, Any]) -> None:
    # By hand: PyJWT itself refuses to make some of these.
    message = f"{encode({'alg': 'ES256', 'kid': 'one'})}.{encode(signer.claims(**change))}"
    signature = jwt.get_algorithm_by_name("ES256").sign(message.encode(), signer.private_key)
    assert_invalid_client(signer.send(f"{message}.{encode_bytes(signature)}"))
    assert signer.send(signer.assertion()).status == 200


def encode_bytes(data: bytes) -> str:
    return jwt.utils.base64url_encode(data).decode()


def signed_by_hand(signer: Signer, header: dict[str, Any]) -> str:
    """Return an assertion with this header, whatever PyJWT thinks of it."""
    message = f"{encode({'alg': 'ES256', 'kid': 'one', **header})}.{encode(signer.claims())}"
    signature = jwt.get_algorithm_by_name("ES256").sign(message.encode(), signer.private_key)
    return f"{message}.{encode_bytes(signature)}"


@pytest.mark.parametrize(
    "typ", ["JWT", "jwt", "client-authentication+jwt", "application/client-authentication+JWT"]
)
def test_rfc8725_3_11_an_assertion_may_say_its_type(signer: Signer, typ: str) -> None:
    assert signer.send(signed_by_hand(signer, {"typ": typ})).status == 200
    assert signer.send(signed_by_hand(signer, {})).status == 200


@pytest.mark.parametrize(
    "typ",
    [
        *("at+jwt", "logout+jwt", "dpop+jwt", "oauth-authz-req+jwt", "secevent+jwt", "JOSE"),
        *("", "application/", "application/at+jwt", 7, None, ["JWT"], {"JWT": 1}),
    ],
    ids=repr,
)
def test_rfc8725_3_11_a_token_of_another_type_is_no_assertion(signer: Signer, typ: Any) -> None:
    assert_invalid_client(signer.send(signed_by_hand(signer, {"typ": typ})))


@pytest.mark.parametrize("text", ["\\ud800", "\\u0000", "a\\r\\nb", MARKER, "x" * 5000])
def test_odd_names_in_an_assertion_leave_a_readable_event(signer: Signer, text: str) -> None:
    payload = '{"iss":"TEXT","sub":"TEXT"}'.replace("TEXT", text)
    assert_invalid_client(signer.send(forged({"alg": "ES256", "kid": "one"}, payload)))
    row = FailedRequest.objects.latest("pk")
    assert row.error == "invalid_client"
    assert row.client_id.isprintable()


@pytest.mark.parametrize("jti", ["\\ud800", "\\u0000", "\\u202e"])
def test_odd_jti_is_a_value_like_any_other(signer: Signer, jti: str) -> None:
    payload = json.dumps(signer.claims(jti="JTI")).replace("JTI", jti)
    message = f"{encode({'alg': 'ES256', 'kid': 'one'})}.{encode(payload)}"
    signature = jwt.get_algorithm_by_name("ES256").sign(message.encode(), signer.private_key)
    assertion = f"{message}.{encode_bytes(signature)}"
    assert signer.send(assertion).status == 200
    assert_invalid_client(signer.send(assertion))


def test_rfc8725_3_1_forged_signatures(signer: Signer) -> None:
    header, claims = {"alg": "ES256", "kid": "one"}, signer.claims()
    public = signer.private_key.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    other = ec.generate_private_key(ec.SECP256R1())
    forgeries = [
        forged(header | {"alg": "none"}, claims, ""),
        forged(header | {"alg": "NONE"}, claims),
        forged({"kid": "one"}, claims),
        forged(header | {"alg": ["ES256"]}, claims),
        hs256(pem, header, claims),
        hs256(json.dumps(public_jwk("ES256")).encode(), header, claims),
        jwt.encode(claims, other, "ES256", {"kid": "one"}),
        jwt.encode(claims, other, "ES256", {"kid": "one", "jwk": jwk_of("ES256", other)}),
        jwt.encode(claims, signer.private_key, "ES256", {"kid": "two"}),
        jwt.encode(claims, PRIVATE_KEYS["RS256"], "RS256", {"kid": "one"}),
        forged(header, claims),
        forged(header, claims, ""),
        forged(DEEP[:1500], claims),
        forged(header, DEEP[:1500]),
        forged(header, []),
        forged([], claims),
        forged(header | {"kid": 7}, claims),
        forged(header | {"kid": "../../etc/passwd"}, claims),
        forged(header | {"kid": "k" * 4000}, claims),
        signer.assertion() + ".x",
        "x",
        "..",
    ]
    for assertion in forgeries:
        assert_invalid_client(signer.send(assertion))


def test_rfc8725_3_1_only_the_registered_algorithm(send: Send) -> None:
    jwks = {"keys": [public_jwk("RS256", kid="one"), public_jwk("ES256", kid="two")]}
    signer = Signer(send, "ES256", jwks=jwks, token_endpoint_auth_signing_alg="RS256")
    assert_invalid_client(signer.send(signer.assertion("two")))
    signer.alg, signer.private_key = "PS256", PRIVATE_KEYS["RS256"]
    assert_invalid_client(signer.send(signer.assertion()))
    signer.alg = "RS256"
    assert signer.send(signer.assertion()).status == 200


def test_another_clients_key_and_another_clients_name(send: Send, signer: Signer) -> None:
    other = Signer(send, "RS256")
    claims = signer.claims()
    assert_invalid_client(
        signer.send(jwt.encode(claims, other.private_key, "RS256", {"kid": "one"}))
    )
    stolen = signer.claims(iss=other.client_id, sub=other.client_id)
    assert_invalid_client(
        signer.send(jwt.encode(stolen, signer.private_key, "ES256", {"kid": "one"}))
    )


@pytest.mark.parametrize("assertion_type", [None, "", ASSERTION_TYPE.upper(), "saml2-bearer"])
def test_4_2_wrong_or_missing_type(signer: Signer, assertion_type: str | None) -> None:
    assert_invalid_client(signer.send(signer.assertion(), client_assertion_type=assertion_type))


def test_4_2_type_without_an_assertion(signer: Signer) -> None:
    assert_invalid_client(signer.send("", client_assertion=None, client_id=signer.client_id))


def test_only_the_registered_method(send: Send, signer: Signer, machine: RelyingParty) -> None:
    """A client with keys does not get in with a secret, nor one with a secret by an assertion."""
    form = b"grant_type=client_credentials"
    headers = FORM_HEADERS | {"Authorization": basic(signer.client_id, "secret")}
    assert_invalid_client(send("POST", "/oauth2/token", "", form, headers))
    signer.client_id = machine.client_id
    assert_invalid_client(signer.send(signer.assertion()))


# --- Used once ------------------------------------------------------------------------------------


def test_3_a_jti_is_accepted_once(signer: Signer) -> None:
    assertion = signer.assertion()
    assert signer.send(assertion).status == 200
    assert_invalid_client(signer.send(assertion))
    assert_invalid_client(signer.send(signer.assertion(jti=signer_jti(assertion))))


def signer_jti(assertion: str) -> str:
    return jwt.decode(assertion, options={"verify_signature": False})["jti"]


def test_3_a_jti_of_another_client_is_another_jti(send: Send, signer: Signer) -> None:
    other = Signer(send, "RS256")
    assert signer.send(signer.assertion(jti="the same")).status == 200
    assert other.send(other.assertion(jti="the same")).status == 200


def test_a_refused_assertion_is_not_used_up(signer: Signer) -> None:
    claims = signer.claims()
    other = ec.generate_private_key(ec.SECP256R1())
    assert_invalid_client(signer.send(jwt.encode(claims, other, "ES256", {"kid": "one"})))
    good = jwt.encode(claims, signer.private_key, "ES256", {"kid": "one"})
    assert signer.send(good).status == 200


def test_of_sixteen_uses_at_once_one_succeeds(db: None) -> None:
    signer = Signer(send_to_wsgi)
    assert signer.send(signer.assertion()).status == 200  # the client is in memory from here on
    assertion = signer.assertion()
    answers = all_at_once([lambda: signer.send(assertion)] * 16)
    assert sorted(answer.status for answer in answers) == [200] + [401] * 15
