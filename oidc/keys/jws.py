"""Signing and verifying our own tokens. Spec: RFC 7515, RFC 7519, RFC 8725."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any

import jwt

from oidc.base64url import encode
from oidc.compact_json import compact_json
from oidc.conf import configuration
from oidc.keys.algorithms import SYMMETRIC_ALGORITHM
from oidc.keys.ring import SigningMaterial, key_ring, verification_key

MAX_SKEW_SECONDS = 10
"""How far the clock of the machine that signed may be ahead of this one's."""


class InvalidToken(Exception):
    """Not a token of ours, or not any more. The text says why, for the log."""


def sign(claims: dict[str, Any], *, algorithm: str, typ: str) -> str:
    """Sign claims into a compact JWS.

    `typ`: the token type of the JOSE header, such as `at+jwt` (RFC 8725 section 3.11).
    """
    material = key_ring().signing[algorithm]
    message = _header(material, typ) + b"." + encode(compact_json(claims))
    return (message + b"." + encode(material.sign(message))).decode()


@lru_cache(maxsize=64)
def _header(material: SigningMaterial, typ: str) -> bytes:
    return material.header(typ)


def sign_with_secret(claims: dict[str, Any], secret: bytes, *, typ: str) -> str:
    """Sign claims with HS256 for the one who shares the secret."""
    return jwt.encode(claims, secret, SYMMETRIC_ALGORITHM, headers={"typ": typ})


def verify(token: str, *, typ: str, verify_expiry: bool = True) -> dict[str, Any]:
    """Return the claims of a token that we signed: signature, `typ`, `iss`, and expiry.

    The audience is for the caller to judge.

    Raises:
        InvalidToken: it is not ours, of another type, or expired.
    """
    try:
        header = jwt.get_unverified_header(token)
        if header.get("typ") != typ:
            raise InvalidToken("another token type")
        key = verification_key(str(header.get("kid")))
    except (jwt.PyJWTError, ValueError) as error:
        raise InvalidToken(type(error).__name__) from error
    if key is None:
        raise InvalidToken("unknown key")
    return _verified(token, key.key, key.algorithm, verify_expiry=verify_expiry)


def verify_with_secret(token: str, secret: bytes, *, verify_expiry: bool = True) -> dict[str, Any]:
    """Return the claims of a token that we signed with HS256 and this secret.

    Raises:
        InvalidToken: it is not ours, or expired.
    """
    return _verified(token, secret, SYMMETRIC_ALGORITHM, verify_expiry=verify_expiry)


def _verified(token: str, key: Any, algorithm: str, *, verify_expiry: bool) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            issuer=configuration().issuer,
            options={
                "require": ["iss", "exp", "iat", "sub"],
                "verify_aud": False,
                "verify_exp": verify_expiry,
                "verify_iat": False,  # without tolerance, or with one for the expiry, too
            },
        )
    except (jwt.PyJWTError, ValueError) as error:
        raise InvalidToken(type(error).__name__) from error
    if claims["iat"] > time.time() + MAX_SKEW_SECONDS:
        raise InvalidToken("issued in the future")
    return claims
