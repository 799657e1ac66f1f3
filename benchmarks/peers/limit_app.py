"""The least that a server can do for each path: no parsing beyond one value, no checks.

What Gatehouse has to do in any case stays: the same signatures with prepared keys, the same
number of script round trips on a raw connection with the same `WAIT`, answers of the same size.
What is left out is the protocol. So it says how much of the core the protocol costs.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks.peers.limit_keys import JWKS, encoded, signed, verified_claims
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

_redis = RedisConnection(int(os.environ["LIMIT_REDIS_PORT"]), os.environ["LIMIT_TAG"])
_redis.write("record", RECORD, lifetime_seconds=24 * 3600)
_JSON = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]


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
        return encoded({**members, "expires_in": LIFETIME_SECONDS, "scope": "api"})
    presented = form.rpartition("=")[2]
    algorithm = presented[:5]
    _redis.write("grant:" + presented, RECORD)
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": SUB, "aud": "x" * 26, "exp": now + LIFETIME_SECONDS}
    claims |= {"iat": now, "auth_time": now, "acr": "pwd", "amr": ["pwd"], "nonce": "n-0S6_WzA2Mj"}
    return encoded(
        {
            "access_token": _access_token(SUB, {"auth_time": now, "acr": "pwd", "amr": ["pwd"]}),
            "token_type": "Bearer",
            "expires_in": LIFETIME_SECONDS,
            "scope": "openid profile email",
            "refresh_token": algorithm + secrets.token_urlsafe(48),
            "id_token": signed(claims, algorithm, algorithm),
        }
    )


def _introspect(token: str) -> bytes:
    claims = verified_claims(token)
    _redis.read("record")
    return encoded({"active": True, "token_type": "Bearer", **claims})


def _userinfo(token: str) -> bytes:
    verified_claims(token)
    _redis.read("record")
    return encoded({**CLAIMS, "sub": SUB})


def _fresh(count: int) -> bytes:
    """Write access tokens to a file, for the load to present."""
    path = DIRECTORY / "fresh.tokens"
    extra = {"auth_time": int(time.time()), "acr": "pwd", "amr": ["pwd"]}
    with path.open("w") as file:
        file.writelines(_access_token(SUB, extra) + "\n" for _ in range(count))
    return encoded({"path": str(path)})


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
    return signed(claims, "ES256", "at")
