"""Opens and makes encrypted tokens, each with two libraries: neither is trusted alone."""

from __future__ import annotations

import base64
import json
import warnings
from typing import Any

from joserfc import jwe
from joserfc.jwk import JWKRegistry

from tests.clients.keys_for_tests import private_jwk

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it is old, and for that reason another implementation
    from authlib.jose import JsonWebEncryption, JsonWebKey

ALGORITHMS = [
    "RSA-OAEP", "RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW",
    "A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM",
]  # fmt: skip


def key_for(alg: str) -> str:
    """Return which of the tests' keys serves an algorithm."""
    return "RS256" if alg.startswith("RSA") else "ES256"


def decrypted(token: str) -> tuple[dict[str, Any], str]:
    """Return header and plaintext of a token that was encrypted to a key of the tests."""
    header = json.loads(_decode(token.partition(".")[0]))
    jwk = private_jwk(key_for(header["alg"]))
    mine = jwe.decrypt_compact(token, JWKRegistry.import_key(jwk), algorithms=ALGORITHMS)
    theirs = JsonWebEncryption(algorithms=ALGORITHMS).deserialize_compact(
        token, JsonWebKey.import_key(jwk)
    )
    assert mine.plaintext == theirs["payload"]
    assert mine.plaintext is not None
    return header, mine.plaintext.decode()


def encrypted_by(library: str, payload: str, jwk: dict[str, Any], header: dict[str, Any]) -> str:
    """Return a token that `joserfc` or `authlib` encrypted."""
    if library == "joserfc":
        return jwe.encrypt_compact(header, payload, JWKRegistry.import_key(jwk), ALGORITHMS)
    encryption = JsonWebEncryption(algorithms=ALGORITHMS)
    return encryption.serialize_compact(header, payload, JsonWebKey.import_key(jwk)).decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
