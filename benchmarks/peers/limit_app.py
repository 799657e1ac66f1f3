"""The least that a server can do for each path: no parsing beyond one value, no checks.

What Gatehouse has to do in any case stays: the same signatures with prepared keys, the same
number of script round trips on a raw connection with the same `WAIT`, answers of the same size.
What is left out is the protocol. So it says how much of the core the protocol costs.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from benchmarks.peers.limit_redis import RedisConnection

ISSUER = os.environ["LIMIT_ISSUER"]
DIRECTORY = Path(os.environ["LIMIT_DIRECTORY"])
REDIRECT = "https://client.example/cb?state=af0ifjsldkj&code="
LIFETIME_SECONDS = 600
CLAIMS = {
    "name": "Alice Liddell",
    "given_name": "Alice",
    "family_name": "Liddell",
    "nickname": "alice",
    "zoneinfo": "Europe/London",
    "locale": "en-GB",
    "email": "alice@example.com",
    "email_verified": True,
}
SUB, SID = "7b0e5a0c-6f0e-4f0f-9a0f-6a3a6b1f7c11", "c" * 22
RECORD = json.dumps({"client_id": "x" * 26, "user_id": SUB, "sid": SID, "scope": "openid profile"})

_rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_ec = ec.generate_private_key(ec.SECP256R1())
_padding, _hash, _ecdsa = padding.PKCS1v15(), hashes.SHA256(), ec.ECDSA(hashes.SHA256())


def _sign_rs256(message: bytes) -> bytes:
    return _rsa.sign(message, _padding, _hash)


def _sign_es256(message: bytes) -> bytes:
    r, s = decode_dss_signature(_ec.sign(message, _ecdsa))
    return r.to_bytes(32) + s.to_bytes(32)


_sign = {"RS256": _sign_rs256, "ES256": _sign_es256}
_public: dict[str, Any] = {"RS256": _rsa.public_key(), "ES256": _ec.public_key()}
_kids = {"RS256": "r" * 43, "ES256": "e" * 43}
_verified: dict[str, dict[str, Any]] = {}
"""Claims of the tokens that were verified before: of the last few thousand."""
_MOST_VERIFIED = 4096

_redis = RedisConnection(int(os.environ["LIMIT_REDIS_PORT"]), os.environ["LIMIT_TAG"])
_redis.write("record", RECORD, lifetime_seconds=24 * 3600)
_JSON = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]


def encode(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


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


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if path == "/jwks":
        return _answer(start_response, JWKS)
    if path == "/token":
        return _answer(start_response, _token(environ["wsgi.input"].read().decode()))
    if path == "/authorize":
        return _authorize(environ, start_response)
    if path == "/introspect":
        form = environ["wsgi.input"].read().decode()
        return _answer(start_response, _introspect(form.partition("=")[2]))
    if path == "/userinfo":
        return _answer(start_response, _userinfo(environ["HTTP_AUTHORIZATION"][7:]))
    return _answer(start_response, _fresh(int(environ["QUERY_STRING"])))


def _answer(start_response: Callable[..., Any], body: bytes) -> Iterable[bytes]:
    start_response("200 OK", [*_JSON, ("Content-Length", str(len(body)))])
    return [body]


def _authorize(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Two round trips: the session is read, the code is kept."""
    _redis.read("record")
    # The algorithm of the ID token travels in the code, instead of in a record of the client.
    algorithm = "ES256" if "client_id=ES256" in environ["QUERY_STRING"] else "RS256"
    code = algorithm + secrets.token_urlsafe(24)
    _redis.write("code:" + code, RECORD)
    start_response("303 See Other", [("Location", REDIRECT + code), ("Content-Length", "0")])
    return [b""]


def _token(form: str) -> bytes:
    """One round trip, where a grant is concerned; one signature, or two with an ID token."""
    if form.startswith("grant_type=client_credentials"):
        members = {"access_token": _access_token("x" * 26, {}), "token_type": "Bearer"}
        return _encoded({**members, "expires_in": LIFETIME_SECONDS, "scope": "api"})
    presented = form.rpartition("=")[2]
    algorithm = presented[:5]
    _redis.write("grant:" + presented, RECORD)
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": SUB, "aud": "x" * 26, "exp": now + LIFETIME_SECONDS}
    claims |= {"iat": now, "auth_time": now, "acr": "pwd", "amr": ["pwd"], "nonce": "n-0S6_WzA2Mj"}
    return _encoded(
        {
            "access_token": _access_token(SUB, {"auth_time": now, "acr": "pwd", "amr": ["pwd"]}),
            "token_type": "Bearer",
            "expires_in": LIFETIME_SECONDS,
            "scope": "openid profile email",
            "refresh_token": algorithm + secrets.token_urlsafe(48),
            "id_token": _signed(claims, algorithm, algorithm),
        }
    )


def _introspect(token: str) -> bytes:
    claims = _claims(token)
    _redis.read("record")
    return _encoded({"active": True, "token_type": "Bearer", **claims})


def _userinfo(token: str) -> bytes:
    _claims(token)
    _redis.read("record")
    return _encoded({**CLAIMS, "sub": SUB})


def _claims(token: str) -> dict[str, Any]:
    """Verify a signature, unless it is that of a token that came before."""
    claims = _verified.get(token)
    if claims is None:
        claims = jwt.decode(token, _public["ES256"], ["ES256"], options={"verify_aud": False})
        if len(_verified) >= _MOST_VERIFIED:
            _verified.clear()
        _verified[token] = claims
    return claims


def _fresh(count: int) -> bytes:
    """Write access tokens to a file, for the load to present."""
    path = DIRECTORY / "fresh.tokens"
    extra = {"auth_time": int(time.time()), "acr": "pwd", "amr": ["pwd"]}
    with path.open("w") as file:
        file.writelines(_access_token(SUB, extra) + "\n" for _ in range(count))
    return _encoded({"path": str(path)})


def _access_token(sub: str, more: dict[str, Any]) -> str:
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "exp": now + LIFETIME_SECONDS,
        "aud": ISSUER,
        "sub": sub,
        "client_id": "x" * 26,
        "iat": now,
        "jti": secrets.token_urlsafe(30),
        "scope": "openid profile email",
        **more,
    }
    return _signed(claims, "ES256", "at")


def _signed(claims: dict[str, Any], algorithm: str, header: str) -> str:
    message = _headers[header] + b"." + encode(_encoded(claims))
    return (message + b"." + encode(_sign[algorithm](message))).decode()


def _encoded(members: dict[str, Any]) -> bytes:
    return json.dumps(members, separators=(",", ":")).encode()
