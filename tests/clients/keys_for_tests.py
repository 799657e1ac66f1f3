"""Key pairs as a client would make them."""

from __future__ import annotations

import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

PRIVATE_KEYS: dict[str, Any] = {
    "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
PRIVATE_KEYS["PS256"] = PRIVATE_KEYS["RS256"]
_ALGORITHMS = {"RS256": RSAAlgorithm, "PS256": RSAAlgorithm, "ES256": ECAlgorithm,
               "EdDSA": OKPAlgorithm}  # fmt: skip


def public_jwk(alg: str, /, **members: str) -> dict[str, Any]:
    """Return the public key for an algorithm, with more members."""
    return _jwk(alg, PRIVATE_KEYS[alg].public_key()) | members


def private_jwk(alg: str, /, **members: str) -> dict[str, Any]:
    """Return the private key, which nobody should ever send."""
    return _jwk(alg, PRIVATE_KEYS[alg]) | members


def jwk_of(alg: str, key: Any) -> dict[str, Any]:
    """Return any key as a JWK."""
    return _jwk(alg, key)


def _jwk(alg: str, key: Any) -> dict[str, Any]:
    jwk: dict[str, Any] = json.loads(_ALGORITHMS[alg].to_jwk(key))
    jwk.pop("key_ops", None)
    return jwk
