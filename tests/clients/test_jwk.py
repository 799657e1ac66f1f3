"""RFC 7517: which public keys of clients are taken."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.utils import to_base64url_uint

from oidc.clients.jwk import SIGNING_ALGS, UnknownKey, parse_jwk, usable_keys
from tests.clients.keys_for_tests import PRIVATE_KEYS, jwk_of, private_jwk, public_jwk


@pytest.mark.parametrize("alg", SIGNING_ALGS)
def test_public_keys_are_read(alg: str) -> None:
    parsed = parse_jwk(public_jwk(alg, kid="k1", alg=alg, use="sig"))
    assert parsed.kid == "k1"
    assert parsed.algs == {alg}
    assert parsed.key == PRIVATE_KEYS[alg].public_key()


@pytest.mark.parametrize(
    ("alg", "signatures", "encryptions"),
    [
        ("RS256", {"RS256", "PS256"}, {"RSA-OAEP", "RSA-OAEP-256"}),
        ("ES256", {"ES256"}, {"ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"}),
        ("EdDSA", {"EdDSA"}, set()),
    ],
)
def test_4_2_use_tells_what_a_key_serves(
    alg: str, signatures: set[str], encryptions: set[str]
) -> None:
    assert parse_jwk(public_jwk(alg)).algs == signatures | encryptions
    assert parse_jwk(public_jwk(alg, use="sig")).algs == signatures
    assert parse_jwk(public_jwk(alg, use="enc")).algs == encryptions


def test_4_4_alg_tells_the_one_that_it_serves() -> None:
    assert parse_jwk(public_jwk("RS256", alg="RSA-OAEP")).algs == {"RSA-OAEP"}
    assert parse_jwk(public_jwk("RS256", use="enc", alg="RSA1_5")).algs == frozenset()
    with pytest.raises(ValueError, match="algorithm"):
        parse_jwk(public_jwk("RS256", use="sig", alg="RSA-OAEP"))


def test_an_encryption_key_of_another_kind_serves_nothing() -> None:
    x25519 = {"kty": "OKP", "crv": "X25519", "x": "AA", "use": "enc", "kid": "e"}
    assert parse_jwk(x25519).algs == frozenset()


@pytest.mark.parametrize("alg", SIGNING_ALGS)
def test_private_keys_are_refused(alg: str) -> None:
    with pytest.raises(ValueError, match="private members"):
        parse_jwk(private_jwk(alg))


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
def test_one_private_member_is_enough(member: str) -> None:
    with pytest.raises(ValueError, match="private members"):
        parse_jwk(public_jwk("RS256") | {member: "AQAB"})
    with pytest.raises(ValueError, match="private members"):
        parse_jwk({"kty": "OKP", "crv": "X25519", "x": "AA", "use": "enc", member: "AA"})


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        [],
        "key",
        {},
        {"kty": "oct", "x": "AA"},
        {"kty": "RSA"},
        {"kty": "RSA", "n": "AQAB"},
        {"kty": "RSA", "n": "!!!", "e": "AQAB"},
        {"kty": "RSA", "n": 5, "e": "AQAB"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43},
        {"kty": "EC", "crv": "secp256k1", "x": "A" * 43, "y": "A" * 43},
        {"kty": "EC", "x": "A" * 43, "y": "A" * 43},
        {"kty": "OKP", "crv": "Ed25519"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
        {"kty": ["RSA"], "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "n": "A" * 3000, "e": "AQAB"},
    ],
    ids=repr,
)
def test_what_cannot_be_read_is_refused(jwk: object) -> None:
    with pytest.raises(ValueError, match=r"^(A|An RSA) key "):
        parse_jwk(jwk)


@pytest.mark.parametrize("alg", ["HS256", "RS1", "none", "ES256"])
def test_a_key_for_another_algorithm_is_refused(alg: str) -> None:
    with pytest.raises(ValueError, match="algorithm"):
        parse_jwk(public_jwk("RS256", alg=alg))


def test_weak_and_costly_keys_are_refused() -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()
    with pytest.raises(ValueError, match="2048"):
        parse_jwk(jwk_of("RS256", weak))
    with pytest.raises(ValueError, match="common exponent"):
        parse_jwk(public_jwk("RS256", e=to_base64url_uint(2**33 + 1).decode()))
    other_curve = jwk_of("ES256", ec.generate_private_key(ec.SECP384R1()).public_key())
    with pytest.raises(ValueError, match="unknown kind"):
        parse_jwk(other_curve)


UNKNOWN = {
    "a curve": {"kty": "EC", "crv": "P-384", "x": "A" * 64, "y": "A" * 64, "kid": "u"},
    "a kind": {"kty": "AKP", "alg": "ML-DSA-44", "pub": "A" * 1750, "kid": "u"},
    "an algorithm": public_jwk("RS256", alg="RS512", kid="u"),
    "a use": public_jwk("ES256", use="wrap", kid="u"),
    "no kind at all": {"kid": "u"},
}


@pytest.mark.parametrize("unknown", UNKNOWN.values(), ids=UNKNOWN)
def test_5_unknown_keys_of_a_set_are_skipped(unknown: dict[str, str]) -> None:
    known = public_jwk("ES256", kid="k")
    assert [key.kid for key in usable_keys([unknown, known, unknown])] == ["k"]
    with pytest.raises(UnknownKey):
        usable_keys([unknown, unknown])


def test_5_dangerous_keys_of_a_set_are_refused() -> None:
    known = public_jwk("ES256", kid="k")
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()
    dangerous = [
        private_jwk("RS256"),
        {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA", "d": "AA"},
        {"kty": "oct", "k": "AAAA"},
        jwk_of("RS256", weak),
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        "a text",
    ]
    for key in dangerous:
        with pytest.raises(ValueError, match=r"key") as refused:
            usable_keys([known, key])
        assert not isinstance(refused.value, UnknownKey)
