"""The least that a token endpoint can do: one ES256 signature over a prepared payload.

No parsing, no client, no checks. What a Python WSGI server could reach if the protocol were free.
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from oidc.keys.algorithms import signer


def encode(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


_sign = signer("ES256", ec.generate_private_key(ec.SECP256R1()))
_header = encode(json.dumps({"alg": "ES256", "typ": "at+jwt", "kid": "x" * 43}).encode())
_headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    environ["wsgi.input"].read()
    now = int(time.time())
    claims = {
        "iss": "http://localhost:8000",
        "exp": now + 600,
        "aud": "http://localhost:8000",
        "sub": "x" * 26,
        "client_id": "x" * 26,
        "iat": now,
        "jti": secrets.token_urlsafe(30),
        "scope": "api",
    }
    message = _header + b"." + encode(json.dumps(claims, separators=(",", ":")).encode())
    token = (message + b"." + encode(_sign(message))).decode()
    body = json.dumps(
        {"access_token": token, "token_type": "Bearer", "expires_in": 600, "scope": "api"},
        separators=(",", ":"),
    ).encode()
    start_response("200 OK", [*_headers, ("Content-Length", str(len(body)))])
    return [body]
