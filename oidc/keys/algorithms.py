"""The signature algorithms that Gatehouse signs with. Spec: RFC 7518 section 3."""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
Signer = Callable[[bytes], bytes]

ACCESS_TOKEN_ALGORITHM = "ES256"
ID_TOKEN_ALGORITHMS = ("RS256", "ES256", "PS256")
RSA_BITS = 2048


def generate(algorithm: str) -> PrivateKey:
    """Generate a private key for an algorithm of `ID_TOKEN_ALGORITHMS`."""
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)


def signer(algorithm: str, key: PrivateKey) -> Signer:
    """Return a function that signs bytes into a JWS signature.

    Straight through `cryptography`: here PyJWT's wrapping costs more than the signature itself.
    """
    if isinstance(key, ec.EllipticCurvePrivateKey):
        scheme = ec.ECDSA(SHA256())

        def sign_es256(message: bytes) -> bytes:
            r, s = decode_dss_signature(key.sign(message, scheme))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")

        return sign_es256

    pad = (
        padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=padding.PSS.DIGEST_LENGTH)
        if algorithm == "PS256"
        else padding.PKCS1v15()
    )

    def sign_rsa(message: bytes) -> bytes:
        return key.sign(message, pad, SHA256())

    return sign_rsa
