"""Keys and signatures of the limit: prepared, and made by Gatehouse's own functions."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from oidc.keys.algorithms import signer

MOST_VERIFIED = 4096
_rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_ec = ec.generate_private_key(ec.SECP256R1())
_sign = {"RS256": signer("RS256", _rsa), "ES256": signer("ES256", _ec)}
_public: dict[str, Any] = {"RS256": _rsa.public_key(), "ES256": _ec.public_key()}
_kids = {"RS256": "r" * 43, "ES256": "e" * 43}
_verified: dict[str, dict[str, Any]] = {}
"""Claims of tokens that were verified before: of the last few thousand."""


def encode(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _header(algorithm: str, typ: str) -> bytes:
    return encode(json.dumps({"alg": algorithm, "typ": typ, "kid": _kids[algorithm]}).encode())


_headers = {
    "at": _header("ES256", "at+jwt"),
    "RS256": _header("RS256", "JWT"),
    "ES256": _header("ES256", "JWT"),
}


def _jwks() -> bytes:
    keys = []
    for name, key in _public.items():
        jwk = jwt.get_algorithm_by_name(name).to_jwk(key, as_dict=True)
        keys.append({**jwk, "kid": _kids[name], "alg": name, "use": "sig"})
    return json.dumps({"keys": keys}).encode()


JWKS = _jwks()


def signed(claims: dict[str, Any], algorithm: str, header: str) -> str:
    """Return a JWS. `header`: `at` for an access token, or the algorithm for an ID token."""
    message = _headers[header] + b"." + encode(encoded(claims))
    return (message + b"." + encode(_sign[algorithm](message))).decode()


def verified_claims(token: str) -> dict[str, Any]:
    """Check a signature, unless it is that of a token that came before.

    Signing again is the cheapest way: the key is at hand, and its signatures are deterministic.
    """
    claims = _verified.get(token)
    if claims is None:
        message, _, signature = token.rpartition(".")
        if not hmac.compare_digest(_sign["ES256"](message.encode()), _decode(signature)):
            raise ValueError("wrong signature")
        claims = json.loads(_decode(message.partition(".")[2]))
        if len(_verified) >= MOST_VERIFIED:
            _verified.clear()
        _verified[token] = claims
    return claims


def encoded(members: dict[str, Any]) -> bytes:
    return json.dumps(members, separators=(",", ":")).encode()
