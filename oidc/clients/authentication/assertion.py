"""A JWT that proves who a client is, whatever kind of key has signed it.

Spec: RFC 7523 sections 2.2 and 3, and draft-ietf-oauth-rfc7523bis section 4 (audience, type);
OpenID Connect Core 1.0 section 9; RFC 8725.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import jwt

from oidc.clients.authentication.claim import Claim
from oidc.clients.authentication.errors import invalid_client
from oidc.clients.flood import limit_guards
from oidc.clients.record import Client
from oidc.clients.token_type import has_type
from oidc.conf import configuration
from oidc.errors import AlreadyUsed
from oidc.http import Request
from oidc.stores.guard_lifetime import guard_lifetime_seconds
from oidc.stores.redis import replay_guards

TOKEN_TYPE = "client-authentication+jwt"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MAX_LIFETIME_SECONDS = 3600
MAX_SKEW_SECONDS = 10
MAX_ASSERTION_LENGTH = 8192

FindKeys = Callable[[Client, str | None, str], Iterable[Any]]
"""Client, `kid` and `alg` of the assertion's header, to the keys that may have made it."""


def is_presented(request: Request) -> bool:
    """Tell whether a request has an assertion, of either kind."""
    return "client_assertion" in request.form or "client_assertion_type" in request.form


def presented_algorithm(request: Request) -> str:
    """Return `alg` of the assertion's header, an empty string if it has none or is malformed."""
    assertion = request.form.get("client_assertion", "")
    try:
        alg = jwt.get_unverified_header(assertion[:MAX_ASSERTION_LENGTH]).get("alg")
    except (jwt.PyJWTError, ValueError, RecursionError):
        return ""
    return alg if isinstance(alg, str) else ""


def claim(request: Request, algorithms: tuple[str, ...], find_keys: FindKeys) -> Claim:
    """Read whom an assertion is about, to be verified with that client's keys.

    `algorithms`: those of the method; of them only the registered one, if there is one.
    """
    return Claim(
        _claimed_client_id(request), lambda client: _verify(request, client, algorithms, find_keys)
    )


def _claimed_client_id(request: Request) -> str:
    claims = _unverified(request, "claims")
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not issuer or issuer != claims.get("sub"):
        raise invalid_client("the assertion's iss and sub are not one client_id")
    if not issuer.isprintable():  # it goes into the log before anybody has proved anything
        raise invalid_client("the assertion's iss is no client_id")
    return issuer


def _verify(
    request: Request, client: Client, algorithms: tuple[str, ...], find_keys: FindKeys
) -> None:
    """Check signature, audience, times, and that the assertion was never used."""
    header = _unverified(request, "header")
    if not has_type(header, TOKEN_TYPE):
        raise invalid_client("the assertion is a token of another type")
    registered = client.token_endpoint_auth_signing_alg
    algorithm = header.get("alg")
    if algorithm not in algorithms or (registered and algorithm != registered):
        raise invalid_client("the assertion's algorithm is not allowed")
    kid = header.get("kid")
    keys = find_keys(client, kid if isinstance(kid, str) else None, algorithm)
    claims = _verified_claims(request, keys, algorithm)
    _check_audience(claims["aud"])
    expires_at = _checked_expiry(claims)
    limit_guards("client_assertion", client.client_id)
    try:
        replay_guards.accept_once(
            "client_assertion",
            client.client_id,
            _jti(claims),
            request_id=request.request_id,
            lifetime_seconds=guard_lifetime_seconds(expires_at + MAX_SKEW_SECONDS),
        )
    except AlreadyUsed as error:
        raise invalid_client("the assertion was used before") from error


def _verified_claims(request: Request, keys: Iterable[Any], algorithm: str) -> dict[str, Any]:
    failure = "no key of the client fits"
    for key in keys:
        try:
            return jwt.decode(
                request.form["client_assertion"],
                key,
                algorithms=[algorithm],
                audience=_own_names(),
                leeway=MAX_SKEW_SECONDS,
                options={"require": ["iss", "sub", "aud", "exp", "jti"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            failure = type(error).__name__
    raise invalid_client(f"assertion refused: {failure}")


def _own_names() -> list[str]:
    """Return what an assertion may call this server: its issuer, or its token endpoint."""
    issuer = configuration().issuer
    return [issuer, issuer + "/oauth2/token"]


def _check_audience(aud: str | list[str]) -> None:
    """Refuse an assertion that is for others too: each of them could present it here."""
    names = {aud} if isinstance(aud, str) else set(aud)
    if not names <= set(_own_names()):
        raise invalid_client("the assertion is for another server, too")


def _checked_expiry(claims: dict[str, Any]) -> float:
    exp = claims["exp"]
    if not isinstance(exp, int | float):  # PyJWT takes digits in a string for a number
        raise invalid_client("the assertion's exp is not a number")
    if exp > time.time() + MAX_LIFETIME_SECONDS + MAX_SKEW_SECONDS:
        raise invalid_client("the assertion lives too long")
    return exp


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
