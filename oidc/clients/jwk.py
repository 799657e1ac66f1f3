"""Public keys of clients, out of JSON.

Spec: RFC 7517 section 4, RFC 7518 section 6, RFC 8037 section 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from jwt.exceptions import InvalidKeyError

from oidc.keys.algorithms import EC_ENCRYPTION_ALGORITHMS, RSA_ENCRYPTION_ALGORITHMS

PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

SIGNING_ALGS = ("RS256", "PS256", "ES256", "EdDSA")
"""What a client may sign with: asymmetric, and known to every library of today."""

_KINDS: dict[tuple[str, str], tuple[Any, dict[str, frozenset[str]]]] = {
    ("RSA", ""): (
        RSAAlgorithm,
        {"sig": frozenset({"RS256", "PS256"}), "enc": frozenset(RSA_ENCRYPTION_ALGORITHMS)},
    ),
    ("EC", "P-256"): (
        ECAlgorithm,
        {"sig": frozenset({"ES256"}), "enc": frozenset(EC_ENCRYPTION_ALGORITHMS)},
    ),
    ("OKP", "Ed25519"): (OKPAlgorithm, {"sig": frozenset({"EdDSA"}), "enc": frozenset()}),
}
"""By `kty` and `crv`: how a key is read, and what it serves by its `use`."""
_TEXT_MEMBERS = ("kty", "crv", "kid", "use", "alg", "n", "e", "x", "y")
_LONGEST_MEMBER = 2000
_RSA_BITS = range(2048, 8193)
_RSA_LARGEST_EXPONENT = 2**32


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that verifies, or that is encrypted to, with `algs`. `key` is of `cryptography`."""

    kid: str
    algs: frozenset[str]
    key: Any
    use: str = ""


class UnknownKey(ValueError):
    """A key of a kind, or for a use, that nothing here knows. In a set, others count without it."""


def usable_keys(jwks: Iterable[object]) -> list[PublicKey]:
    """Return the keys of a set that can be used here. Unknown ones are skipped.

    Spec: RFC 7517 section 5.

    Raises:
        ValueError: a key is private, malformed or too weak, or none can be used. The text may be
            shown to the client.
    """
    keys = []
    unknown: UnknownKey | None = None
    for jwk in jwks:
        try:
            keys.append(parse_jwk(jwk))
        except UnknownKey as error:
            unknown = unknown or error
    if unknown is not None and not keys:
        raise unknown
    return keys


def parse_jwk(jwk: object) -> PublicKey:
    """Return the public key in a JWK.

    Raises:
        UnknownKey: of an unknown kind, or for an algorithm or use that is not its own.
        ValueError: private or symmetric, malformed, or too weak. Either text may be shown to the
            client.
    """
    if not isinstance(jwk, Mapping):
        raise ValueError("A key must be a JSON object.")
    if PRIVATE_MEMBERS & jwk.keys():
        raise ValueError("A key has private members. Register the public key alone.")
    members = {name: jwk[name] for name in _TEXT_MEMBERS if name in jwk}
    for value in members.values():
        if not isinstance(value, str) or len(value) > _LONGEST_MEMBER:
            raise ValueError("A key has a member that is no text, or too long.")
    kid, use, kty = (members.get(name, "") for name in ("kid", "use", "kty"))
    kind = _KINDS.get((kty, "" if kty == "RSA" else members.get("crv", "")))
    algs = _algs(kind[1], members) if kind else frozenset()
    if use == "enc" and not algs:
        return PublicKey(kid, algs, None, use)  # nothing here uses it
    if kind is None:
        raise UnknownKey("A key is of an unknown kind. Use RSA, EC P-256 or OKP Ed25519.")
    if not algs:
        raise UnknownKey("A key is for an algorithm that is not accepted, or not its own.")
    return PublicKey(kid, algs, _read(kind[0], members), use)


def _algs(algs_by_use: dict[str, frozenset[str]], members: dict[str, str]) -> frozenset[str]:
    """Return what a key serves: a key that does not say its `use` serves both."""
    use = members.get("use", "")
    both = algs_by_use["sig"] | algs_by_use["enc"]
    algs = algs_by_use.get(use, frozenset()) if use else both
    return algs & {members["alg"]} if "alg" in members else algs


def _read(algorithm: Any, members: dict[str, str]) -> Any:
    try:
        key = algorithm.from_jwk(members)
    except (InvalidKeyError, ValueError) as error:
        raise ValueError("A key cannot be read.") from error
    if isinstance(key, RSAPublicKey) and not _is_sound(key):
        raise ValueError("An RSA key must have 2048 to 8192 bits and a common exponent.")
    return key


def _is_sound(key: RSAPublicKey) -> bool:
    return key.key_size in _RSA_BITS and key.public_numbers().e < _RSA_LARGEST_EXPONENT
