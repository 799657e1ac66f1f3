"""Verifies tokens of the server as a stranger would: by the published keys, or a shared secret.

Each goes through two libraries that did not make it, and both must say the same.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import jwt
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import JWKRegistry, OctKey

from oidc import base64url
from tests.support.doors import Send
from tests.support.relying_party import ISSUER

HASHES = {"EdDSA": hashlib.sha512}


def published_keys(send: Send) -> dict[str, Any]:
    return send("GET", "/.well-known/jwks.json", "", b"", {}).json()


def verified(send: Send, token: str, audience: str, *, secret: str = "") -> dict[str, Any]:
    """Return the claims of a token if issuer, audience and signature are right."""
    header = jwt.get_unverified_header(token)
    if header["alg"].startswith("HS"):
        pyjwt_key: Any = secret
        joserfc_key: Any = OctKey.import_key(secret)
    else:
        keys = published_keys(send)
        [jwk] = [key for key in keys["keys"] if key["kid"] == header["kid"]]
        assert (jwk["use"], jwk["alg"]) == ("sig", header["alg"])
        pyjwt_key = jwt.PyJWKSet.from_dict(keys)[header["kid"]]
        joserfc_key = JWKRegistry.import_key(jwk)
    algorithms = [header["alg"]]
    claims = jwt.decode(token, pyjwt_key, algorithms, audience=audience, issuer=ISSUER)
    assert joserfc_jwt.decode(token, joserfc_key, algorithms).claims == claims
    return claims


def signed_by_hand(
    header: dict[str, Any], claims: dict[str, Any], sign: Callable[[bytes], bytes]
) -> str:
    """Return a JWS whose header has these members in this order, and no others."""
    parts = [json.dumps(part, separators=(",", ":")).encode() for part in (header, claims)]
    message = b".".join(map(base64url.encode, parts))
    return (message + b"." + base64url.encode(sign(message))).decode()


def half_hash(algorithm: str, value: str) -> str:
    """Return `at_hash` or `c_hash` (Core section 3.1.3.6)."""
    digest = HASHES.get(algorithm, hashlib.sha256)(value.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
