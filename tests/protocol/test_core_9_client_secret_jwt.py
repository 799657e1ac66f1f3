"""Client authentication by a JWT made with the client's secret. Spec: Core 1.0 section 9.

What all assertions have in common is tested with `private_key_jwt`.
"""

from __future__ import annotations

import secrets
import time
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import OctKey

from oidc.clients.service import rotate_secret, update_client
from oidc.models import OAuthClient
from tests.clients.keys_for_tests import public_jwk
from tests.support.battery import FORM_HEADERS
from tests.support.doors import Answer, Send
from tests.support.relying_party import ISSUER, RelyingParty

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture
def machine(send: Send) -> RelyingParty:
    return RelyingParty.register(
        send, "machine", scope="api", token_endpoint_auth_method="client_secret_jwt"
    )


def claims(client: RelyingParty, **changes: Any) -> dict[str, Any]:
    good = {
        "iss": client.client_id,
        "sub": client.client_id,
        "aud": ISSUER,
        "jti": secrets.token_urlsafe(12),
        "exp": int(time.time()) + 60,
    }
    return good | changes


def present(client: RelyingParty, assertion: str, **more: str) -> Answer:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
        **more,
    }
    return client.send("POST", "/oauth2/token", "", urlencode(form).encode(), FORM_HEADERS)


def signed(client: RelyingParty, alg: str = "HS256", **changes: Any) -> str:
    return jwt.encode(claims(client, **changes), str(client.client_secret), alg)


def assert_invalid_client(answer: Answer) -> None:
    assert (answer.status, answer.json()["error"]) == (401, "invalid_client"), answer.text


def test_9_an_assertion_made_with_the_secret_is_taken(machine: RelyingParty) -> None:
    assert present(machine, signed(machine)).status == 200
    key = OctKey.import_key(str(machine.client_secret))
    other_library = joserfc_jwt.encode({"alg": "HS256"}, claims(machine), key)
    assert present(machine, other_library).status == 200


def test_it_is_taken_once(machine: RelyingParty) -> None:
    assertion = signed(machine)
    assert present(machine, assertion).status == 200
    assert_invalid_client(present(machine, assertion))


@pytest.mark.parametrize("alg", ["HS384", "HS512"])
def test_another_algorithm_is_refused(machine: RelyingParty, alg: str) -> None:
    assert_invalid_client(present(machine, signed(machine, alg)))


def test_another_secret_is_refused(machine: RelyingParty) -> None:
    made_up = jwt.encode(claims(machine), "x" * 43, "HS256")
    assert_invalid_client(present(machine, made_up))
    assert_invalid_client(present(machine, jwt.encode(claims(machine), "", "none")))


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://other.example"},
        {"aud": [ISSUER, "https://other.example"]},
        {"exp": 1},
        {"sub": "somebody"},
        {"jti": None},
        {"exp": int(time.time()) + 10_000},
    ],
    ids=["aud", "aud besides", "expired", "sub", "jti", "far exp"],
)
def test_other_claims_are_refused(machine: RelyingParty, changes: dict[str, Any]) -> None:
    assert_invalid_client(present(machine, signed(machine, **changes)))


def test_the_secret_itself_is_not_taken(machine: RelyingParty) -> None:
    """Exactly the registered method: a secret that travels is another one."""
    assert_invalid_client(machine.token({"grant_type": "client_credentials"}))


def test_a_client_that_sends_its_secret_has_none_to_sign_with(send: Send) -> None:
    other = RelyingParty.register(send, "machine", scope="api")
    assert_invalid_client(present(other, signed(other)))


def test_rfc8725_2_1_the_public_key_of_a_client_is_no_secret(send: Send) -> None:
    key = public_jwk("ES256", kid="one")
    signer = RelyingParty.register(
        send,
        "machine",
        scope="api",
        token_endpoint_auth_method="private_key_jwt",
        jwks={"keys": [key]},
    )
    assert_invalid_client(present(signer, jwt.encode(claims(signer), key["x"], "HS256")))


def test_two_authentications_are_one_too_many(machine: RelyingParty) -> None:
    secret = str(machine.client_secret)
    answer = present(machine, signed(machine), client_id=machine.client_id, client_secret=secret)
    assert (answer.status, answer.json()["error"]) == (400, "invalid_request")


def test_the_old_secret_signs_until_its_overlap_ends(machine: RelyingParty) -> None:
    row = OAuthClient.objects.get(client_id=machine.client_id)
    old, new = signed(machine), rotate_secret(row)
    assert present(machine, old).status == 200
    machine.client_secret = new.client_secret
    assert present(machine, signed(machine)).status == 200
    last = rotate_secret(row, overlap_seconds=0)
    assert_invalid_client(present(machine, signed(machine)))
    machine.client_secret = last.client_secret
    assert present(machine, signed(machine)).status == 200


def test_a_secret_that_was_only_sent_is_not_signed_with_later(send: Send) -> None:
    """Nobody can read it any more, so it ends; a new one is needed."""
    other = RelyingParty.register(send, "machine", scope="api")
    row = OAuthClient.objects.get(client_id=other.client_id)
    update_client(row, {"token_endpoint_auth_method": "client_secret_jwt"})
    assert_invalid_client(present(other, signed(other)))
    other.client_secret = rotate_secret(row).client_secret
    assert present(other, signed(other)).status == 200
