"""Public keys of clients, out of JSON.

Spec: RFC 7517 section 4, RFC 7518 section 6, RFC 8037 section 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from jwt.exceptions import InvalidKeyError

PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

SIGNING_ALGS = ("RS256", "PS256", "ES256", "EdDSA")
"""What a client may sign with: asymmetric, and known to every library of today."""

_KINDS: dict[tuple[str, str], tuple[Any, frozenset[str]]] = {
    ("RSA", ""): (RSAAlgorithm, frozenset({"RS256", "PS256"})),
    ("EC", "P-256"): (ECAlgorithm, frozenset({"ES256"})),
    ("OKP", "Ed25519"): (OKPAlgorithm, frozenset({"EdDSA"})),
}
_TEXT_MEMBERS = ("kty", "crv", "kid", "use", "alg", "n", "e", "x", "y")
_LONGEST_MEMBER = 2000
_RSA_BITS = range(2048, 8193)
_RSA_LARGEST_EXPONENT = 2**32


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that verifies. `key` is what `cryptography` made of it, ready for PyJWT."""

    kid: str
    algs: frozenset[str]
    key: Any


def parse_jwk(jwk: object) -> PublicKey:
    """Return the public key in a JWK.

    Raises:
        ValueError: private or symmetric, malformed, of an unknown kind, or too weak. The text
            may be shown to the client.
    """
    if not isinstance(jwk, Mapping):
        raise ValueError("A key must be a JSON object.")
    if PRIVATE_MEMBERS & jwk.keys():
        raise ValueError("A key has private members. Register the public key alone.")
    members = {name: jwk[name] for name in _TEXT_MEMBERS if name in jwk}
    for value in members.values():
        if not isinstance(value, str) or len(value) > _LONGEST_MEMBER:
            raise ValueError("A key has a member that is no text, or too long.")
    kid = members.get("kid", "")
    if members.get("use", "sig") == "enc":
        return PublicKey(kid, frozenset(), None)
    return _parse_signing_key(kid, members)


def _parse_signing_key(kid: str, members: dict[str, str]) -> PublicKey:
    kty = members.get("kty", "")
    kind = _KINDS.get((kty, "" if kty == "RSA" else members.get("crv", "")))
    if kind is None:
        raise ValueError("A key is of an unknown kind. Use RSA, EC P-256 or OKP Ed25519.")
    algorithm, algs = kind
    if "alg" in members:
        algs &= {members["alg"]}
    if not algs:
        raise ValueError("A key is for an algorithm that is not accepted, or not its own.")
    try:
        key = algorithm.from_jwk(members)
    except (InvalidKeyError, ValueError) as error:
        raise ValueError("A key cannot be read.") from error
    if isinstance(key, RSAPublicKey) and not _is_sound(key):
        raise ValueError("An RSA key must have 2048 to 8192 bits and a common exponent.")
    return PublicKey(kid, algs, key)


def _is_sound(key: RSAPublicKey) -> bool:
    return key.key_size in _RSA_BITS and key.public_numbers().e < _RSA_LARGEST_EXPONENT
