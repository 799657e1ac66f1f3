"""Signing and verifying our own tokens. Spec: RFC 7515, RFC 7519, RFC 8725."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any

import jwt
import orjson
from cryptography.exceptions import InvalidSignature

from oidc.base64url import decode, encode
from oidc.compact_json import compact_json
from oidc.conf import configuration
from oidc.keys.algorithms import SYMMETRIC_ALGORITHM
from oidc.keys.retirement import LATE_SECONDS
from oidc.keys.ring import KeyRing, VerificationKey, key_ring, key_ring_with

MAX_SKEW_SECONDS = 10
"""How far the clock of the machine that signed may be ahead of this one's."""
_REQUIRED = frozenset({"iss", "exp", "iat", "sub"})


class InvalidToken(Exception):
    """Not a token of ours, or not any more. The text says why, for the log."""


def sign(claims: dict[str, Any], *, algorithm: str, typ: str) -> str:
    """Sign claims into a compact JWS.

    `typ`: the token type of the JOSE header, such as `at+jwt` (RFC 8725 section 3.11).
    """
    material = key_ring().signing[algorithm]
    message = _header(algorithm, typ, material.kid) + b"." + encode(compact_json(claims))
    return (message + b"." + encode(material.sign(message))).decode()


@lru_cache(maxsize=256)
def _header(algorithm: str, typ: str, kid: str) -> bytes:
    return encode(compact_json({"alg": algorithm, "typ": typ, "kid": kid}))


def sign_with_secret(claims: dict[str, Any], secret: bytes, *, typ: str) -> str:
    """Sign claims with HS256 for the one who shares the secret."""
    return jwt.encode(claims, secret, SYMMETRIC_ALGORITHM, headers={"typ": typ})


def verify(token: str, *, typ: str | tuple[str, ...], verify_expiry: bool = True) -> dict[str, Any]:
    """Return the claims of a token that we signed: signature, `typ`, `iss`, and expiry.

    Its header must be, to the letter, one that we write. So `alg` is the key's own and `crit`,
    `jwk` or `jku` cannot be there (RFC 8725 sections 3.1 and 3.10). The audience is for the caller
    to judge. `typ`: the one that it must have, or several to choose from.

    Raises:
        InvalidToken: it is not ours, of another type, or expired.
    """
    message, _, signature = token.rpartition(".")
    types = (typ,) if isinstance(typ, str) else typ
    key = _key_of(message.partition(".")[0], types)
    try:
        raw = decode(signature)
        if encode(raw).decode() != signature:  # one token has one spelling
            raise InvalidSignature
        key.verify(raw, message.encode("ascii"))
    except (InvalidSignature, ValueError) as error:
        raise InvalidToken("wrong signature") from error
    claims: dict[str, Any] = orjson.loads(decode(message.partition(".")[2]))
    check_claims(claims, verify_expiry=verify_expiry)
    if key.retired_at is not None:
        _check_retired(key, key.retired_at, claims, verify_expiry=verify_expiry)
    return claims


def _check_retired(
    key: VerificationKey, retired_at: float, claims: dict[str, Any], *, verify_expiry: bool
) -> None:
    """Let a retired key verify only what it can have signed before, and while that may live."""
    if claims["iat"] > retired_at + LATE_SECONDS:
        raise InvalidToken("issued after its key was retired")
    if verify_expiry and not key.is_published:
        raise InvalidToken("its key was retired too long ago")


def check_claims(claims: dict[str, Any], *, verify_expiry: bool = True) -> None:
    """Check what every token of ours says, once it is known that we have made it.

    Raises:
        InvalidToken: of another issuer or for another use, expired, or not valid yet.
    """
    if not claims.keys() >= _REQUIRED or claims["iss"] != configuration().issuer:
        raise InvalidToken("for another use, or of another issuer")
    now = time.time()
    if verify_expiry and claims["exp"] <= now:
        raise InvalidToken("expired")
    if claims["iat"] > now + MAX_SKEW_SECONDS:
        raise InvalidToken("issued in the future")
    if claims.get("nbf", now) > now + MAX_SKEW_SECONDS:
        raise InvalidToken("not valid yet")


def _key_of(header: str, types: tuple[str, ...]) -> VerificationKey:
    if key := _keys_by_header(key_ring(), types).get(header):
        return key
    try:
        members = orjson.loads(decode(header))
    except ValueError as error:
        raise InvalidToken("malformed") from error
    if not isinstance(members, dict) or members.get("typ") not in types:
        raise InvalidToken("another token type")
    # Another process may have made a key since ours were read.
    key = _keys_by_header(key_ring_with(str(members.get("kid"))), types).get(header)
    if key is None:
        raise InvalidToken("unknown key, or a header that we do not write")
    return key


@lru_cache(maxsize=16)
def _keys_by_header(ring: KeyRing, types: tuple[str, ...]) -> dict[str, VerificationKey]:
    keys = ring.verification.values()
    return {_header(key.algorithm, typ, key.kid).decode(): key for key in keys for typ in types}


def verify_with_secret(token: str, secret: bytes, *, verify_expiry: bool = True) -> dict[str, Any]:
    """Return the claims of a token that we signed with HS256 and this secret.

    Raises:
        InvalidToken: it is not ours, or expired.
    """
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            secret,
            algorithms=[SYMMETRIC_ALGORITHM],
            issuer=configuration().issuer,
            options={
                "require": sorted(_REQUIRED),
                "verify_aud": False,
                "verify_exp": verify_expiry,
                "verify_iat": False,  # without tolerance, or with one for the expiry, too
            },
        )
    except (jwt.PyJWTError, ValueError) as error:
        raise InvalidToken(type(error).__name__) from error
    check_claims(claims, verify_expiry=verify_expiry)
    return claims
