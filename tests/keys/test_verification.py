"""What counts as a token of ours. Specs: RFC 7515 section 5.2; RFC 7519 section 4; RFC 8725."""

from __future__ import annotations

import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from oidc.keys import jws, lifecycle
from oidc.keys.algorithms import RECOGNISED_ALGORITHMS, SIGNING_ALGORITHMS, recogniser
from oidc.keys.ring import SigningMaterial, key_ring
from oidc.models import SigningKey
from tests.support.relying_party import ISSUER
from tests.support.tokens import signed_by_hand

pytestmark = pytest.mark.django_db

TYP = "at+jwt"


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    good = {"iss": ISSUER, "sub": "somebody", "iat": now, "exp": now + 60}
    return {name: value for name, value in (good | changes).items() if value is not None}


def material(algorithm: str = "ES256") -> SigningMaterial:
    return key_ring().signing[algorithm]


def by_hand(header: dict[str, Any] | None = None, **changes: Any) -> str:
    """Return a token signed with our key, however odd it is."""
    ours = {"alg": "ES256", "typ": TYP, "kid": material().kid}
    return signed_by_hand(header or ours, claims(**changes), material().sign)


def refused(token: str, typ: str = TYP) -> str:
    with pytest.raises(jws.InvalidToken) as failure:
        jws.verify(token, typ=typ)
    return str(failure.value)


@pytest.mark.parametrize("algorithm", SIGNING_ALGORITHMS)
def test_every_algorithm_signs_what_it_verifies(algorithm: str) -> None:
    expected = claims(scope="ä €")
    token = jws.sign(expected, algorithm=algorithm, typ=TYP)
    assert jws.verify(token, typ=TYP) == expected


@pytest.mark.parametrize("algorithm", SIGNING_ALGORITHMS)
@pytest.mark.parametrize(
    "change", ["another payload", "shorter", "longer", "none", "flipped", "junk", "padded"]
)
def test_rfc7515_5_2_the_signature_counts(algorithm: str, change: str) -> None:
    token = jws.sign(claims(), algorithm=algorithm, typ=TYP)
    header, payload, signature = token.split(".")
    if change == "another payload":
        payload = jws.sign(claims(sub="another"), algorithm=algorithm, typ=TYP).split(".")[1]
    signature = {
        "shorter": signature[:-4],
        "longer": signature + "AAAA",
        "none": "",
        "junk": signature[:10] + "!" + signature[10:],
        "padded": signature + "==",
        "flipped": signature[:10] + ("A" if signature[10] != "A" else "B") + signature[11:],
    }.get(change, signature)
    assert refused(f"{header}.{payload}.{signature}") == "wrong signature"


@pytest.mark.parametrize("algorithm", RECOGNISED_ALGORITHMS)
def test_rfc6979_our_own_signature_is_recognised(algorithm: str) -> None:
    sign = material(algorithm).sign
    verified: list[bytes] = []
    recognise = recogniser(sign, lambda signature, _: verified.append(signature))
    recognise(sign(b"message"), b"message")
    assert not verified, "the same message has the same signature"
    recognise(sign(b"another"), b"message")
    assert verified == [sign(b"another")], "it is for the verifier to refuse"


def test_a_signature_made_with_chance_is_verified() -> None:
    """As signatures of ES256 were before, and as other software makes them."""
    key = lifecycle.private_key_of(SigningKey.objects.get(kid=material().kid))
    assert isinstance(key, ec.EllipticCurvePrivateKey)

    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    header = {"alg": "ES256", "typ": TYP, "kid": material().kid}
    one, other = (signed_by_hand(header, claims(), sign) for _ in range(2))
    assert one.rpartition(".")[2] != other.rpartition(".")[2]
    assert jws.verify(one, typ=TYP) == jws.verify(other, typ=TYP)


@pytest.mark.parametrize(
    "header",
    [
        {"typ": TYP, "alg": "ES256"},
        {"alg": "ES256", "typ": TYP, "crit": ["exp"]},
        {"alg": "ES256", "typ": TYP, "jwk": {"kty": "oct", "k": "AA"}},
        {"alg": "none", "typ": TYP},
        {"alg": "HS256", "typ": TYP},
        {"alg": "RS256", "typ": TYP},
    ],
    ids=lambda header: "-".join(header) + "-" + header["alg"],
)
def test_rfc8725_3_1_a_header_that_we_do_not_write_is_not_ours(header: dict[str, Any]) -> None:
    assert "header that we do not write" in refused(by_hand({**header, "kid": material().kid}))


@pytest.mark.parametrize("typ", ["JWT", "logout+jwt", "AT+JWT"])
def test_rfc8725_3_11_another_type_is_another_token(typ: str) -> None:
    assert refused(jws.sign(claims(), algorithm="ES256", typ=typ)) == "another token type"


@pytest.mark.parametrize("claim", ["iss", "exp", "iat", "sub"])
def test_a_token_without_these_claims_is_for_another_use(claim: str) -> None:
    assert "another use" in refused(by_hand(**{claim: None}))


def test_another_issuer_with_our_key_is_another_issuer() -> None:
    assert "another issuer" in refused(by_hand(iss=ISSUER + "/"))


def test_rfc7519_4_1_4_the_expiry_is_exact() -> None:
    assert refused(by_hand(exp=int(time.time()))) == "expired"
    expired = by_hand(exp=int(time.time()) - 10)
    assert jws.verify(expired, typ=TYP, verify_expiry=False)["sub"] == "somebody"


def test_rfc7519_4_1_6_clocks_may_differ_by_ten_seconds() -> None:
    assert jws.verify(by_hand(iat=int(time.time()) + 5), typ=TYP)
    assert refused(by_hand(iat=int(time.time()) + 60)) == "issued in the future"


def test_rfc7519_4_1_5_no_token_counts_before_its_time() -> None:
    assert jws.verify(by_hand(nbf=int(time.time()) + 5), typ=TYP)
    assert refused(by_hand(nbf=int(time.time()) + 60)) == "not valid yet"


@pytest.mark.parametrize(
    "token", ["", ".", "..", "...", "a.b.c", "ä.ö.ü", "\x00.\x00.\x00", "[]..."]
)
def test_what_is_no_jws_is_refused(token: str) -> None:
    assert refused(token)
