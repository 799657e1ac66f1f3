"""A JWT signed with the client's private key.

Spec: RFC 7523 sections 2.2 and 3; OpenID Connect Core 1.0 section 9; RFC 8725.
"""

from __future__ import annotations

import time
from typing import Any

import jwt

from oidc.clients.authentication.errors import invalid_client
from oidc.clients.keys import client_keys
from oidc.clients.record import Client
from oidc.conf import configuration
from oidc.errors import AlreadyUsed
from oidc.http import Request
from oidc.stores.redis import replay_guards

NAME = "private_key_jwt"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
MAX_LIFETIME_SECONDS = 3600
MAX_SKEW_SECONDS = 10
MAX_ASSERTION_LENGTH = 8192


def is_presented(request: Request) -> bool:
    return "client_assertion" in request.form or "client_assertion_type" in request.form


def claimed_client_id(request: Request) -> str:
    claims = _unverified(request, "claims")
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not issuer or issuer != claims.get("sub"):
        raise invalid_client("the assertion's iss and sub are not one client_id")
    if not issuer.isprintable():  # it goes into the log before anybody has proved anything
        raise invalid_client("the assertion's iss is no client_id")
    return issuer


def verify(request: Request, client: Client) -> None:
    """Check signature, audience, times, and that the assertion was never used."""
    header = _unverified(request, "header")
    allowed = (
        (client.token_endpoint_auth_signing_alg,)
        if (client.token_endpoint_auth_signing_alg)
        else ALGORITHMS
    )
    algorithm = header.get("alg")
    if algorithm not in allowed or algorithm not in ALGORITHMS:
        raise invalid_client("the assertion's algorithm is not allowed")
    kid = header.get("kid")
    claims = _verified_claims(request, client, kid if isinstance(kid, str) else None, algorithm)
    lifetime = _checked_lifetime(claims)
    try:
        replay_guards.accept_once(
            "client_assertion",
            client.client_id,
            _jti(claims),
            request_id=request.request_id,
            lifetime_seconds=lifetime + MAX_SKEW_SECONDS,
        )
    except AlreadyUsed as error:
        raise invalid_client("the assertion was used before") from error


def _verified_claims(
    request: Request, client: Client, kid: str | None, algorithm: str
) -> dict[str, Any]:
    issuer = configuration().issuer
    failure = "no key of the client fits"
    for key in client_keys(client, kid, algorithm):
        try:
            return jwt.decode(
                request.form["client_assertion"],
                key,
                algorithms=[algorithm],
                audience=[issuer, issuer + "/oauth2/token"],
                leeway=MAX_SKEW_SECONDS,
                options={"require": ["iss", "sub", "aud", "exp", "jti"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            failure = type(error).__name__
    raise invalid_client(f"assertion refused: {failure}")


def _checked_lifetime(claims: dict[str, Any]) -> int:
    """Return the seconds until the assertion expires, at least one."""
    now, exp = time.time(), claims["exp"]
    if not isinstance(exp, int | float):  # PyJWT takes digits in a string for a number
        raise invalid_client("the assertion's exp is not a number")
    if exp > now + MAX_LIFETIME_SECONDS + MAX_SKEW_SECONDS:
        raise invalid_client("the assertion lives too long")
    return max(1, int(exp - now) + 1)


def _jti(claims: dict[str, Any]) -> str:
    jti = claims["jti"]
    if not isinstance(jti, str) or not jti:
        raise invalid_client("the assertion's jti is not a string")
    return jti


def _unverified(request: Request, part: str) -> dict[str, Any]:
    """Return `header` or `claims` of the assertion, only to know whose key to take."""
    assertion = request.form.get("client_assertion", "")
    if request.form.get("client_assertion_type") != ASSERTION_TYPE:
        raise invalid_client("client_assertion_type is not jwt-bearer")
    if not assertion or len(assertion) > MAX_ASSERTION_LENGTH:
        raise invalid_client("client_assertion is missing or too long")
    try:
        if part == "header":
            return jwt.get_unverified_header(assertion)
        return jwt.decode(assertion, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise invalid_client("malformed client_assertion") from error
