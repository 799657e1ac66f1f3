"""The form of signatures. Spec: RFC 7518 section 3.4; RFC 6979."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import example, given
from hypothesis import strategies as st

from oidc.keys.algorithms import r_and_s, signer

NUMBERS = st.integers(1, 2**256 - 1)


@given(NUMBERS, NUMBERS)
@example(1, 1)
@example(2**255 - 1, 2**255)
@example(2**255, 2**255 - 1)
@example(2**256 - 1, 2**248)
@example(2**248 - 1, 2**256 - 1)
def test_rfc7518_3_4_r_and_s_have_32_bytes_each(r: int, s: int) -> None:
    assert r_and_s(encode_dss_signature(r, s)) == r.to_bytes(32) + s.to_bytes(32)


def test_rfc6979_a_message_has_one_signature() -> None:
    key, message = ec.generate_private_key(ec.SECP256R1()), b"a message"
    expected = key.sign(message, ec.ECDSA(SHA256(), deterministic_signing=True))
    r, s = decode_dss_signature(expected)
    assert signer("ES256", key)(message) == r.to_bytes(32) + s.to_bytes(32)
