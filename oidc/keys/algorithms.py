"""The algorithms that Gatehouse signs, encrypts and decrypts with, and their keys.

Spec: RFC 7518 sections 3 to 5; RFC 8037 section 3.1 (EdDSA).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
Signer = Callable[[bytes], bytes]
Verifier = Callable[[bytes, bytes], None]
"""Signature and message; raises `InvalidSignature`."""

ACCESS_TOKEN_ALGORITHM = "ES256"
SIGNING_ALGORITHMS = ("RS256", "ES256", "PS256", "EdDSA")
"""Each has a key of its own."""
SYMMETRIC_ALGORITHM = "HS256"
"""Signs with the secret of a client, for that client."""
RECOGNISED_ALGORITHMS = ("ES256", "EdDSA")
"""Those whose keys sign faster than they verify, and to the same signature each time."""
ID_TOKEN_ALGORITHMS = (*SIGNING_ALGORITHMS, SYMMETRIC_ALGORITHM)

RSA_ENCRYPTION_ALGORITHMS = ("RSA-OAEP-256", "RSA-OAEP")
EC_ENCRYPTION_ALGORITHMS = ("ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW")
ENCRYPTION_ALGORITHMS = (*RSA_ENCRYPTION_ALGORITHMS, *EC_ENCRYPTION_ALGORITHMS)
CONTENT_ENCRYPTIONS = ("A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM")
DEFAULT_CONTENT_ENCRYPTION = "A128CBC-HS256"
"""Where a client registers `alg` alone (OpenID Connect Registration 1.0 section 2)."""

KEY_ALGORITHMS = (*SIGNING_ALGORITHMS, *ENCRYPTION_ALGORITHMS)
"""Each has a key of its own, and the key set lists them in this order: some verifiers look no
further than the first RSA key, which must be that of RS256, and some senders take only a key that
names their algorithm."""

RSA_BITS = 2048
_ES256_SIGNATURE_BYTES = 64


def key_type(algorithm: str) -> str:
    """Return `kty` of the keys of an algorithm (RFC 7518 section 6.1)."""
    if algorithm == "EdDSA":
        return "OKP"
    return "EC" if algorithm.startswith("E") else "RSA"


def generate(algorithm: str) -> PrivateKey:
    """Generate a private key for an algorithm of `KEY_ALGORITHMS`."""
    kind = key_type(algorithm)
    if kind == "OKP":
        return ed25519.Ed25519PrivateKey.generate()
    if kind == "EC":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)


def half_hash(algorithm: str, value: str) -> bytes:
    """Return the left half of a hash: the one that the algorithm itself uses.

    Spec: OpenID Connect Core 1.0 section 3.1.3.6 (`at_hash`). Ed25519 hashes with SHA-512.
    """
    digest = (hashlib.sha512 if algorithm == "EdDSA" else hashlib.sha256)(value.encode()).digest()
    return digest[: len(digest) // 2]


def signer(algorithm: str, key: PrivateKey) -> Signer:
    """Return a function that signs bytes into a JWS signature.

    Straight through `cryptography`: here PyJWT's wrapping costs more than the signature itself.
    But for PS256 the same message has the same signature every time (ES256: RFC 6979).
    """
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign
    if isinstance(key, ec.EllipticCurvePrivateKey):
        # Hashed here, and the numbers taken as bytes: after other work, when the processor's caches
        # hold other things, that takes up to a fifth less than what `cryptography` has for it.
        scheme = ec.ECDSA(Prehashed(SHA256()), deterministic_signing=True)

        def sign_es256(message: bytes) -> bytes:
            return r_and_s(key.sign(hashlib.sha256(message).digest(), scheme))

        return sign_es256

    pad = _padding(algorithm)

    def sign_rsa(message: bytes) -> bytes:
        return key.sign(message, pad, SHA256())

    return sign_rsa


def r_and_s(der: bytes) -> bytes:
    """Return the JWS form of a P-256 signature: r and s, 32 bytes each (RFC 7518 section 3.4).

    `der`: `30 length 02 length r 02 length s`, the numbers in as many bytes as they need, with a
    zero in front if the first bit of a number is set (RFC 3279 section 2.2.3).
    """
    end_of_r = 4 + der[3]
    r, s = der[4:end_of_r], der[end_of_r + 2 :]
    return r[-32:].rjust(32, b"\0") + s[-32:].rjust(32, b"\0")


def verifier(algorithm: str, key: PublicKey) -> Verifier:
    """Return a function that checks a JWS signature, for the same reason."""
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key.verify
    if isinstance(key, ec.EllipticCurvePublicKey):
        scheme = ec.ECDSA(SHA256())

        def verify_es256(signature: bytes, message: bytes) -> None:
            if len(signature) != _ES256_SIGNATURE_BYTES:
                raise InvalidSignature
            r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
            key.verify(encode_dss_signature(r, s), message, scheme)

        return verify_es256

    pad = _padding(algorithm)

    def verify_rsa(signature: bytes, message: bytes) -> None:
        key.verify(signature, message, pad, SHA256())

    return verify_rsa


def recogniser(sign: Signer, verify: Verifier) -> Verifier:
    """Return a function that checks signatures of a key that we sign with ourselves.

    Who signs the message again and gets the same signature has proved as much as by verifying it,
    in 24 us instead of 62 (ES256). Any other signature is verified.
    """

    def recognise(signature: bytes, message: bytes) -> None:
        # In constant time: else the time taken would tell how much of a guess is right.
        if not hmac.compare_digest(sign(message), signature):
            verify(signature, message)

    return recognise


def _padding(algorithm: str) -> padding.PSS | padding.PKCS1v15:
    if algorithm == "PS256":
        return padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=padding.PSS.DIGEST_LENGTH)
    return padding.PKCS1v15()
