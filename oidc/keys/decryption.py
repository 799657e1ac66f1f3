"""Decrypts what others encrypted to us: request objects, ID tokens that come back as hints.

Spec: RFC 7516 section 5.2; OpenID Connect Core 1.0 sections 6.1 and 10.2.
"""

from __future__ import annotations

import json
from typing import Any

from joserfc import jwe
from joserfc.errors import JoseError

from oidc.base64url import decode
from oidc.keys import lifecycle
from oidc.keys.algorithms import key_type
from oidc.keys.jwe import ALLOWED, JoseKey, jose_key
from oidc.keys.ring import key_ring
from oidc.models import SigningKey

LONGEST = 32_768
"""Characters: what fits into a request."""

_WHAT_THE_LIBRARY_RAISES = (JoseError, ValueError, TypeError)
"""On hostile input; it documents the first only, and a test with random input found the others."""


class DecryptionFailed(Exception):
    """Not encrypted to a key of ours, or not in a supported way. The text is for the log."""


def decrypt(token: str, *, alg: str = "", enc: str = "") -> bytes:
    """Return the plaintext of a compact JWE, without knowing who made it.

    `alg`, `enc`: what the sender has registered, if anything; no other is taken from it then.

    Retired keys still decrypt: the sender may have kept the key set of yesterday.

    Raises:
        DecryptionFailed: malformed, an algorithm that is not supported, or none of our keys fits.
        StoreUnavailable: the keys cannot be read.
    """
    if len(token) > LONGEST:
        raise DecryptionFailed("too long")
    header = _header_of(token)
    for name, registered in (("alg", alg), ("enc", enc)):
        if registered and header.get(name) != registered:
            raise DecryptionFailed(f"another {name} than registered")
    failure = "no key of ours"
    for key in _candidates(header):
        try:
            plaintext = jwe.decrypt_compact(token, _parsed(key), algorithms=ALLOWED).plaintext
        except _WHAT_THE_LIBRARY_RAISES as error:
            failure = type(error).__name__
        else:
            return plaintext or b""
    raise DecryptionFailed(failure)


def _candidates(header: dict[str, Any]) -> list[SigningKey]:
    """Return the keys that a message may be encrypted to: the one it names, or all of its kind.

    A key serves all algorithms of its kind: senders may have a key set of when it had no `alg`.
    """
    keys = key_ring().decryption
    if "kid" in header:
        named = keys.get(str(header["kid"]))
        return [named] if named else []
    alg = str(header.get("alg"))
    of_its_kind = [key for key in keys.values() if key_type(key.algorithm) == key_type(alg)]
    return sorted(of_its_kind, key=lambda key: key.algorithm != alg)


def _header_of(token: str) -> dict[str, Any]:
    try:
        header = json.loads(decode(token.partition(".")[0]))
    except (ValueError, RecursionError) as error:
        raise DecryptionFailed("malformed header") from error
    if not isinstance(header, dict):
        raise DecryptionFailed("malformed header")
    return header


_parsed_keys: dict[str, JoseKey] = {}


def _parsed(key: SigningKey) -> JoseKey:
    """Parse a private key once per process, when it is needed: importing RSA costs 41 ms."""
    if key.kid not in _parsed_keys:
        _parsed_keys[key.kid] = jose_key(lifecycle.private_key_of(key))
    return _parsed_keys[key.kid]
