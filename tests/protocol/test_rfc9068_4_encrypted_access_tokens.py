"""Access tokens that only the API they are for can read. Spec: RFC 9068 section 4; RFC 7516."""

from __future__ import annotations

import base64
import json
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oidc.clients.service import disable_client, update_client
from oidc.keys import jws
from oidc.keys.resource_jwe import (
    RESOURCE_CONTENT_ENCRYPTIONS,
    RESOURCE_ENCRYPTION_ALGORITHMS,
    NotReadable,
    encrypt_for_resource,
    open_own,
)
from oidc.models import OAuthClient
from tests.clients.keys_for_tests import PRIVATE_KEYS, public_jwk
from tests.keys.test_derived_keys import NEW, OLD, use_keys
from tests.support.doors import Send
from tests.support.encryption import decrypted, encrypted_by, key_for
from tests.support.relying_party import ISSUER, RelyingParty
from tests.support.tokens import half_hash, verified

API = "https://payroll.example"
COMBINATIONS = list(product(RESOURCE_ENCRYPTION_ALGORITHMS, RESOURCE_CONTENT_ENCRYPTIONS))
KEYS = {
    "keys": [
        public_jwk("RS256", kid="rsa", use="enc"),
        public_jwk("ES256", kid="ec", use="enc"),
    ]
}


def register_api(send: Send, **metadata: Any) -> RelyingParty:
    wanted = {
        "access_token_encryption_alg": "RSA-OAEP-256",
        "introspection_audience": [API],
        "jwks": KEYS,
    }
    return RelyingParty.register(send, "machine", scope="x", **{**wanted, **metadata})


def row_of(client: RelyingParty) -> OAuthClient:
    return OAuthClient.objects.get(client_id=client.client_id)


@pytest.fixture
def api(send: Send) -> RelyingParty:
    return register_api(send)


@pytest.fixture
def client(send: Send) -> RelyingParty:
    return RelyingParty.register(send, access_token_audience=[API])


@pytest.mark.parametrize(("alg", "enc"), COMBINATIONS)
def test_4_the_api_decrypts_and_verifies(
    send: Send, alice: Any, client: RelyingParty, alg: str, enc: str
) -> None:
    register_api(send, access_token_encryption_alg=alg, access_token_encryption_enc=enc)
    tokens = client.tokens_for(alice)
    header, inner = decrypted(tokens["access_token"])
    expected = {"alg": alg, "enc": enc, "typ": "at+jwt", "cty": "JWT"}
    expected["kid"] = "rsa" if key_for(alg) == "RS256" else "ec"
    assert {name: value for name, value in header.items() if name != "epk"} == expected
    claims = verified(send, inner, API)
    assert (claims["sub"], claims["aud"]) == (str(alice.pk), [API, ISSUER])
    identity = verified(send, tokens["id_token"], client.client_id)
    assert identity["at_hash"] == half_hash("RS256", tokens["access_token"])


def test_the_client_uses_it_everywhere_without_reading_it(
    send: Send, alice: Any, api: RelyingParty, client: RelyingParty
) -> None:
    tokens = client.tokens_for(alice)
    token = tokens["access_token"]
    assert token.count(".") == 4
    assert client.userinfo(token).json()["sub"] == str(alice.pk)
    assert client.introspect(token).json()["active"]
    refreshed = client.refresh(tokens["refresh_token"]).json()
    assert refreshed["access_token"].count(".") == 4
    assert client.revoke(token).status == 200
    assert client.userinfo(token).status == 401
    assert client.userinfo(refreshed["access_token"]).status == 200


def test_the_api_introspects_it_as_it_comes_or_opened(
    alice: Any, api: RelyingParty, client: RelyingParty
) -> None:
    token = client.tokens_for(alice)["access_token"]
    for presented in (token, decrypted(token)[1]):
        answer = api.introspect(presented).json()
        assert (answer["active"], answer["sub"]) == (True, str(alice.pk))


def test_a_machines_token_is_encrypted_too(send: Send, api: RelyingParty) -> None:
    machine = RelyingParty.register(send, "machine", scope="pay", access_token_audience=[API])
    token = machine.token({"grant_type": "client_credentials"}).json()["access_token"]
    assert verified(send, decrypted(token)[1], API)["sub"] == machine.client_id
    assert machine.introspect(token).json()["active"]


def test_tokens_for_other_apis_are_signed_only(
    send: Send, alice: Any, api: RelyingParty, web: RelyingParty
) -> None:
    other = RelyingParty.register(send, access_token_audience=["https://other.example"])
    for party, audience in ((web, ISSUER), (other, "https://other.example")):
        verified(send, party.tokens_for(alice)["access_token"], audience)


def test_a_change_is_seen_at_once(send: Send, alice: Any, client: RelyingParty) -> None:
    plain = register_api(send, access_token_encryption_alg="")
    assert client.tokens_for(alice)["access_token"].count(".") == 2
    update_client(row_of(plain), {"access_token_encryption_alg": "ECDH-ES+A128KW"})
    assert client.tokens_for(alice)["access_token"].count(".") == 4


@pytest.mark.parametrize("harm", ["no key", "disabled"])
def test_it_never_goes_out_readable(
    send: Send, alice: Any, api: RelyingParty, client: RelyingParty, harm: str
) -> None:
    code, row = client.code_for(alice), row_of(api)
    if harm == "disabled":
        disable_client(row)
    else:
        row.jwks = {"keys": [public_jwk("ES256", kid="ec", use="enc")]}
        row.save()
    answer = client.redeem(code)
    assert (answer.status, answer.json()["error"]) == (400, "invalid_request")


def test_what_others_encrypt_is_not_taken(
    alice: Any, api: RelyingParty, client: RelyingParty
) -> None:
    """The content key tells that it was us: the API's public key is known to everybody."""
    inner = decrypted(client.tokens_for(alice)["access_token"])[1]
    header = {"alg": "RSA-OAEP-256", "enc": "A128GCM", "typ": "at+jwt", "cty": "JWT"}
    made_up = encrypted_by("joserfc", inner, KEYS["keys"][0], header)
    assert client.userinfo(made_up).status == 401
    assert api.introspect(made_up).json() == {"active": False}


@pytest.mark.parametrize("part", [0, 2, 3, 4])
def test_a_changed_token_is_refused(
    alice: Any, api: RelyingParty, client: RelyingParty, part: int
) -> None:
    parts = client.tokens_for(alice)["access_token"].split(".")
    parts[part] = ("B" if parts[part][0] == "A" else "A") + parts[part][1:]
    assert client.userinfo(".".join(parts)).status == 401


# --- The format -----------------------------------------------------------------------------------


def sealed(payload: str = "a.b.c", enc: str = "A256GCM") -> str:
    key = PRIVATE_KEYS["RS256"].public_key()
    return encrypt_for_resource(payload, key, alg="RSA-OAEP", enc=enc, kid="", typ="at+jwt")


def _encoded(header: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()


def test_its_other_spellings_take_no_memory(
    send: Send, api: RelyingParty, client: RelyingParty, alice: Any, monkeypatch: Any
) -> None:
    """The key for the API, which only the API can judge, may be exchanged for anything."""
    texts: list[str] = []
    verify = jws.verify
    monkeypatch.setattr(
        jws, "verify", lambda text, **how: texts.append(text) or verify(text, **how)
    )
    header, _, rest = client.tokens_for(alice)["access_token"].split(".", 2)
    for key in ("", "AA", "A" * 1000):
        answer = api.introspect(f"{header}.{key}.{rest}")
        assert answer.json()["active"]
    assert len(texts) == 1


def test_two_tokens_have_nothing_in_common() -> None:
    first, second = sealed().split("."), sealed().split(".")
    assert first[0] == second[0]
    assert all(a != b for a, b in zip(first[1:], second[1:], strict=True))
    assert "kid" not in decrypted(sealed())[0]


def test_a_new_secret_key_opens_what_the_old_one_sealed(settings: Any) -> None:
    use_keys(settings, OLD)
    token = sealed()
    use_keys(settings, NEW, OLD)
    assert open_own(token) == "a.b.c"
    use_keys(settings, NEW)
    with pytest.raises(NotReadable):
        open_own(token)


@given(
    st.sampled_from(["A128GCM", "A256GCM"]) | st.none() | st.text(max_size=8) | st.integers(),
    st.lists(st.text("AQgw-_=é", max_size=24), min_size=4, max_size=4),
)
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_nothing_else_is_opened(enc: Any, parts: list[str]) -> None:
    header = sealed().split(".")[0]
    for first in (header, "W10", "bnVsbA", "x", _encoded({"enc": enc})):
        with pytest.raises(NotReadable):
            open_own(".".join([first, *parts]))
