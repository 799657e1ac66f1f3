"""Decrypting what others sent. Spec: RFC 7516; OpenID Connect Core 1.0 section 10.2.1."""

from __future__ import annotations

import base64
import json
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oidc.keys import lifecycle, ring
from oidc.keys.algorithms import CONTENT_ENCRYPTIONS, ENCRYPTION_ALGORITHMS
from oidc.keys.decryption import LONGEST, DecryptionFailed, decrypt
from tests.clients.keys_for_tests import public_jwk
from tests.support.encryption import encrypted_by

LIBRARIES = ("joserfc", "authlib")


@pytest.fixture(autouse=True)
def _keys(db: None) -> None:
    ring.forget()


def our_key(alg: str) -> dict[str, Any]:
    """Return the published key to encrypt to."""
    published = json.loads(ring.key_ring().jwks)["keys"]
    [jwk] = [key for key in published if key["use"] == "enc" and key["alg"] == alg]
    return jwk


def to_us(library: str, alg: str, enc: str, **header: Any) -> str:
    jwk = our_key(alg)
    members = {"alg": alg, "enc": enc, "kid": jwk["kid"], **header}
    members = {name: value for name, value in members.items() if value is not None}
    return encrypted_by(library, "a message", jwk, members)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(
    ("alg", "enc"), list(product(ENCRYPTION_ALGORITHMS, CONTENT_ENCRYPTIONS)), ids=str
)
def test_every_algorithm_of_two_libraries(library: str, alg: str, enc: str) -> None:
    assert decrypt(to_us(library, alg, enc)) == b"a message"


@pytest.mark.parametrize("alg", ENCRYPTION_ALGORITHMS)
def test_a_key_that_is_not_named_is_found(alg: str) -> None:
    assert decrypt(to_us("joserfc", alg, "A128GCM", kid=None)) == b"a message"


@pytest.mark.parametrize("alg", ["RSA-OAEP-256", "ECDH-ES"])
def test_a_retired_key_still_decrypts(alg: str) -> None:
    token, unnamed = to_us("joserfc", alg, "A128GCM"), to_us("joserfc", alg, "A128GCM", kid=None)
    retired = lifecycle.announce(alg)
    lifecycle.promote(retired)
    ring.forget()
    assert len(ring.key_ring().decryption) == len(ENCRYPTION_ALGORITHMS) + 1
    assert decrypt(token) == decrypt(unnamed) == b"a message"


@pytest.mark.parametrize("alg", ENCRYPTION_ALGORITHMS)
def test_senders_with_a_key_set_of_before_are_understood(alg: str) -> None:
    """One key served all algorithms of its kind, and named none."""
    jwk = our_key("RSA-OAEP-256" if alg.startswith("RSA") else "ECDH-ES")
    del jwk["alg"]
    header = {"alg": alg, "enc": "A128GCM", "kid": jwk["kid"]}
    assert decrypt(encrypted_by("joserfc", "a message", jwk, header)) == b"a message"


def test_a_key_of_somebody_else_is_refused() -> None:
    header = {"alg": "RSA-OAEP", "enc": "A128GCM"}
    token = encrypted_by("joserfc", "x", public_jwk("RS256"), header)
    with pytest.raises(DecryptionFailed):
        decrypt(token)


@pytest.mark.parametrize("kid", ["unknown", "", None, 5, ["x"]])
def test_an_unknown_key_is_refused(kid: Any) -> None:
    header = encode({"alg": "RSA-OAEP", "enc": "A128GCM", "kid": kid})
    with pytest.raises(DecryptionFailed):
        decrypt(f"{header}.AA.AA.AA.AA")


def test_a_signing_key_decrypts_nothing() -> None:
    published = json.loads(ring.key_ring().jwks)["keys"]
    jwk = next(key for key in published if key["use"] == "sig" and key["kty"] == "RSA")
    del jwk["use"], jwk["alg"]
    header = {"alg": "RSA-OAEP", "enc": "A128GCM", "kid": jwk["kid"]}
    with pytest.raises(DecryptionFailed, match="no key of ours"):
        decrypt(encrypted_by("joserfc", "x", jwk, header))


@pytest.mark.parametrize("part", range(5))
def test_a_changed_part_is_refused(part: int) -> None:
    parts = to_us("joserfc", "RSA-OAEP", "A128CBC-HS256").split(".")
    parts[part] = ("B" if parts[part][0] == "A" else "A") + parts[part][1:]
    with pytest.raises(DecryptionFailed):
        decrypt(".".join(parts))


@pytest.mark.parametrize(
    "members",
    [
        {"alg": "RSA1_5"},
        {"alg": "dir"},
        {"alg": "PBES2-HS256+A128KW", "p2c": 10**9, "p2s": "AA"},
        {"alg": "none"},
        {"enc": "none"},
        {"zip": "DEF"},
        {"crit": ["exp"], "exp": 1},
    ],
    ids=str,
)
def test_other_algorithms_and_extensions_are_refused(members: dict[str, Any]) -> None:
    parts = to_us("joserfc", "RSA-OAEP", "A128GCM").split(".")
    header = {"alg": "RSA-OAEP", "enc": "A128GCM", "kid": our_key("RSA-OAEP")["kid"], **members}
    with pytest.raises(DecryptionFailed):
        decrypt(".".join([encode(header), *parts[1:]]))


@pytest.mark.parametrize(
    "token", ["", ".", "....", "x.y.z", "é....", "W10....", "A" * (LONGEST + 1)]
)
def test_what_is_no_jwe_is_refused(token: str) -> None:
    with pytest.raises(DecryptionFailed):
        decrypt(token)


def encode(header: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(
    st.sampled_from([*ENCRYPTION_ALGORITHMS, "dir", "A128KW"]) | JSON,
    st.sampled_from(CONTENT_ENCRYPTIONS) | JSON,
    st.dictionaries(
        st.sampled_from(["epk", "apu", "apv", "zip", "crit", "cty", "typ", "jwk", "x5c", "p2c"]),
        JSON | st.fixed_dictionaries({"kty": JSON, "crv": JSON, "x": JSON, "y": JSON}),
        max_size=3,
    ),
    st.lists(st.text("AQgw-_=", max_size=24), min_size=4, max_size=4),
)
@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_nothing_else_comes_out(alg: Any, enc: Any, more: dict[str, Any], parts: list[str]) -> None:
    header = {"alg": alg, "enc": enc, **more}
    with pytest.raises(DecryptionFailed):
        decrypt(".".join([encode(header), *parts]))
