"""Software statements: RFC 7591 sections 2.3, 3.1.1 and 3.2.2."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest

from oidc.clients import keys
from tests.clients.json_server import document, serving
from tests.clients.keys_for_tests import PRIVATE_KEYS, public_jwk
from tests.protocol.registering import call, path_of, register
from tests.support.doors import Answer, Send
from tests.support.relying_party import ISSUER, REDIRECT_URI

PUBLISHER = "https://publisher.example"
JWKS = {"keys": [public_jwk("ES256", kid="one")]}


@pytest.fixture(autouse=True)
def publisher(registration: Any) -> None:
    """Let statements of one issuer count."""
    keys._inline_sets.clear()
    registration("open", software_statement_issuers={PUBLISHER: {"jwks": JWKS}})


def statement(alg: str = "ES256", key: Any = None, kid: str = "one", **claims: Any) -> str:
    """Return a statement that is good, but for the claims given."""
    whole = {"iss": PUBLISHER, "software_id": "shop-2", **claims}
    present = {name: value for name, value in whole.items() if value is not None}
    return jwt.encode(present, key or PRIVATE_KEYS[alg], alg, headers={"kid": kid})


def assert_error(answer: Answer, error: str) -> None:
    assert (answer.status, answer.json()["error"]) == (400, error)


def test_3_1_1_its_claims_win_and_it_is_given_back(send: Send) -> None:
    said = statement(client_name="Shop", scope="openid", aud=ISSUER, exp=int(time.time()) + 60)
    answer = register(send, software_statement=said, client_name="Bank", scope="openid email")
    assert answer.status == 201
    members = answer.json()
    assert (members["client_name"], members["scope"]) == ("Shop", "openid")
    assert members["software_id"] == "shop-2"
    assert members["software_statement"] == said
    assert not {"iss", "aud", "exp"} & members.keys()


def test_its_claims_hold_for_later_changes(send: Send) -> None:
    made = register(send, software_statement=statement(client_name="Shop")).json()
    replacement = {
        "client_id": made["client_id"],
        "redirect_uris": [REDIRECT_URI],
        "client_name": "Bank",
    }
    token = made["registration_access_token"]
    answer = call(send, "PUT", path_of(made), replacement, token)
    assert (answer.status, answer.json()["client_name"]) == (200, "Shop")
    other = {**replacement, "software_statement": statement(client_name="Store")}
    assert call(send, "PUT", path_of(made), other, token).json()["client_name"] == "Store"
    forged = {**replacement, "software_statement": statement(iss="https://other.example")}
    assert_error(call(send, "PUT", path_of(made), forged, token), "unapproved_software_statement")


def test_its_claims_are_checked_like_any_other(send: Send) -> None:
    said = statement(redirect_uris=["http://insecure.example/"])
    assert_error(register(send, software_statement=said), "invalid_redirect_uri")


def test_it_cannot_throw_the_switches_of_an_admin(send: Send) -> None:
    answer = register(send, software_statement=statement(trusted=True, scope="openid admin.write"))
    assert "trusted" not in answer.json()
    assert answer.json()["scope"] == "openid"


def test_3_2_2_an_issuer_that_does_not_count_is_unapproved(send: Send) -> None:
    answer = register(send, software_statement=statement(iss="https://other.example"))
    assert_error(answer, "unapproved_software_statement")


def test_with_no_issuer_configured_none_is_approved(send: Send, registration: Any) -> None:
    registration("open", software_statement_issuers={})
    assert_error(register(send, software_statement=statement()), "unapproved_software_statement")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": None},
        {"exp": 1},
        {"nbf": 2**33},
        {"aud": "https://other.example"},
        {"kid": "unknown"},
        {"alg": "RS256"},
    ],
)
def test_3_2_2_what_does_not_hold_is_invalid(send: Send, claims: dict[str, Any]) -> None:
    assert_error(
        register(send, software_statement=statement(**claims)), "invalid_software_statement"
    )


@pytest.mark.parametrize(
    "made_up",
    [
        "nonsense",
        "a.b.c",
        ["list"],
        7,
        "x" * 20_000,
        jwt.encode({"iss": PUBLISHER}, None, "none"),
        jwt.encode({"iss": PUBLISHER}, "s" * 32, "HS256"),
        jwt.encode({"iss": PUBLISHER}, PRIVATE_KEYS["ES256"], "ES256")[:-8] + "AAAAAAAA",
    ],
    ids=["text", "parts", "list", "number", "long", "none", "hmac", "signature"],
)
def test_3_2_2_what_is_not_signed_by_its_issuer_is_invalid(send: Send, made_up: Any) -> None:
    assert_error(register(send, software_statement=made_up), "invalid_software_statement")


@pytest.mark.parametrize("typ", ["at+jwt", "logout+jwt", "secevent+jwt", "entity-statement+jwt"])
def test_rfc8725_3_11_another_token_of_the_issuer_is_no_statement(send: Send, typ: str) -> None:
    other = jwt.encode(
        {"iss": PUBLISHER}, PRIVATE_KEYS["ES256"], "ES256", {"kid": "one", "typ": typ}
    )
    assert_error(register(send, software_statement=other), "invalid_software_statement")


def test_the_keys_may_be_fetched(send: Send, registration: Any) -> None:
    with serving(document(JWKS)) as server:
        issuers = {PUBLISHER: {"jwks_uri": f"http://127.0.0.1:{server.port}/jwks"}}
        registration("open", software_statement_issuers=issuers, fetch_private_addresses=True)
        assert register(send, software_statement=statement()).status == 201
        assert server.requests
