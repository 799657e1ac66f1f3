"""Access tokens that nobody but us can read: what they say, sealed. Spec: RFC 6749 section 1.4.

APIs look them up (RFC 7662). No store is needed to read one, and none to issue it.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from oidc.compact_json import compact_json
from oidc.keys.derived import derived_keys
from oidc.keys.jws import InvalidToken, check_claims
from oidc.randomness import random_bytes
from oidc.tokens import handles

PREFIX = "at."
_PURPOSE = "opaque access token"
_SALT_BYTES = 16
_NONCE = bytes(12)
"""Each token has a key of its own, so the nonce needs nothing random."""


def seal(claims: dict[str, Any]) -> str:
    """Return an opaque token for claims. Its parts: key id, salt, ciphertext with its tag."""
    key, salt = derived_keys(_PURPOSE).current, random_bytes(_SALT_BYTES)
    ciphertext = _cipher(key.key, salt).encrypt(_NONCE, compact_json(claims), None)
    return PREFIX + handles.encode(bytes((key.key_id,)) + salt + ciphertext)


def unseal(token: str) -> dict[str, Any]:
    """Return the claims of an opaque token of ours, checked as those of a signed one.

    Raises:
        InvalidToken: not ours, made under a secret key that we do not have, or expired.
    """
    try:
        sealed = handles.decode(token.removeprefix(PREFIX))
    except handles.MalformedHandle as error:
        raise InvalidToken(str(error)) from error
    key = derived_keys(_PURPOSE).by_id.get(sealed[0]) if sealed else None
    if key is None:
        raise InvalidToken("unknown key")
    salt, ciphertext = sealed[1 : 1 + _SALT_BYTES], sealed[1 + _SALT_BYTES :]
    try:
        claims: dict[str, Any] = orjson.loads(
            _cipher(key.key, salt).decrypt(_NONCE, ciphertext, None)
        )
    except (InvalidTag, ValueError) as error:
        raise InvalidToken("not sealed by us") from error
    check_claims(claims)
    return claims


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(blake2b(salt, digest_size=32, key=key).digest())
