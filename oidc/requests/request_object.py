"""Request objects: an authorization request as a JWT.

Spec: OpenID Connect Core 1.0 section 6; RFC 9101 sections 4, 6 and 10; RFC 8725.
"""

from __future__ import annotations

import json
import time
from typing import Any

import jwt

from oidc.clients.flood import limit_guards
from oidc.clients.jwk import SIGNING_ALGS
from oidc.clients.keys import client_keys
from oidc.clients.record import Client
from oidc.clients.token_type import has_type
from oidc.conf import configuration
from oidc.errors import AlreadyUsed, ProtocolError
from oidc.http import has_forbidden_character
from oidc.keys.decryption import DecryptionFailed, decrypt
from oidc.requests.authorization_request import PARAMETERS
from oidc.stores.guard_lifetime import guard_lifetime_seconds
from oidc.stores.redis import replay_guards

UNSIGNED = "none"
TYPE = "oauth-authz-req+jwt"
JSON_PARAMETERS = frozenset({"claims", "registration"})
"""Those whose value is a JSON object, as text outside and as an object inside."""
MAX_LENGTH = 16 * 1024
PARTS_OF_A_JWE = 5
MAX_SKEW_SECONDS = 10
REPLAY_LIFETIME_SECONDS = 3600
"""How long a request object without an expiry is remembered."""
LONGEST_GUARD_SECONDS = 24 * 3600


def read_request_object(client: Client, text: str, *, request_id: str) -> dict[str, str]:
    """Return the authorization parameters of a client's request object.

    Members that nobody knows are ignored, whatever they are (RFC 9101 section 4; RFC 6749 section
    3.1). A signed one with a `jti` is accepted once (one round trip).

    Raises:
        ProtocolError: `invalid_request_object`: malformed, not the client's, not for us, expired,
            used before, or with a parameter that cannot be one; `request_not_supported`: unsigned,
            and the client may not do that.
    """
    if len(text) > MAX_LENGTH:
        raise invalid_request_object("too long")
    if text.count(".") == PARTS_OF_A_JWE - 1:
        text = _decrypted(client, text)
    header = _checked_header(client, text)
    claims = _verified_claims(client, text, header)
    _check_addressee(client, claims)
    if header["alg"] != UNSIGNED:  # else anybody could use up what the client may leave behind
        _check_not_replayed(client, claims, request_id)
    return {name: _parameter(name, claims[name]) for name in claims.keys() & PARAMETERS}


def invalid_request_object(detail: str) -> ProtocolError:
    """Make the one answer to a request object that does not hold."""
    return ProtocolError(
        "invalid_request_object", "the request object is not acceptable", detail=detail
    )


def _decrypted(client: Client, text: str) -> str:
    """Return the object inside an encrypted one (Core section 6.1; RFC 9101 section 6.1).

    Encryption hides, it proves nothing: what is inside is verified like any other.
    """
    try:
        return decrypt(
            text,
            alg=client.request_object_encryption_alg,
            enc=client.request_object_encryption_enc,
        ).decode("ascii")
    except (DecryptionFailed, UnicodeDecodeError) as error:
        raise invalid_request_object(f"cannot be decrypted: {error}") from error


def _checked_header(client: Client, text: str) -> dict[str, Any]:
    try:
        header = jwt.get_unverified_header(text)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise invalid_request_object("not a JWT") from error
    if not has_type(header, TYPE):
        raise invalid_request_object("another token type")
    algorithm, allowed = header.get("alg"), _allowed_algorithms(client)
    if algorithm == UNSIGNED and UNSIGNED not in allowed:
        raise ProtocolError(
            "request_not_supported", "unsigned request objects are not supported for this client"
        )
    if algorithm not in allowed:
        raise invalid_request_object("this algorithm is not allowed for the client")
    return header


def _verified_claims(client: Client, text: str, header: dict[str, Any]) -> dict[str, Any]:
    algorithm, kid = header["alg"], header.get("kid")
    if algorithm == UNSIGNED:
        if not text.endswith("."):  # RFC 7518 section 3.6
            raise invalid_request_object("unsigned, and with a signature")
        return _decode(text, None, UNSIGNED)
    failure = "no key of the client fits"
    for key in client_keys(client, kid if isinstance(kid, str) else None, algorithm):
        try:
            return _decode(text, key, algorithm)
        except ProtocolError as error:
            failure = error.detail
    raise invalid_request_object(failure)


def _allowed_algorithms(client: Client) -> tuple[str, ...]:
    """Return the registered algorithm alone, or all that the metadata lists.

    `none` is not listed: it is for clients that have registered it, and for them alone.

    Spec: OpenID Connect Dynamic Client Registration 1.0, section 2.
    """
    registered = client.request_object_signing_alg
    return (registered,) if registered else SIGNING_ALGS


def _decode(text: str, key: Any, algorithm: str) -> dict[str, Any]:
    """Verify signature and times; the audience is judged elsewhere, because it may be absent."""
    is_signed = algorithm != UNSIGNED
    try:
        return jwt.decode(
            text,
            key,
            algorithms=[algorithm],
            leeway=MAX_SKEW_SECONDS,
            options={
                "verify_signature": is_signed,
                "verify_exp": True,
                "verify_nbf": True,
                "verify_iat": True,
                "verify_aud": False,
            },
        )
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise invalid_request_object(type(error).__name__) from error


def _check_addressee(client: Client, claims: dict[str, Any]) -> None:
    """`iss` and `aud` may be absent (Core section 6.1), but not wrong.

    A `sub` would make it pass for a client assertion (RFC 9101 section 10.8).
    """
    if claims.get("iss", client.client_id) != client.client_id:
        raise invalid_request_object("iss is not the client")
    issuer = configuration().issuer
    aud = claims.get("aud", issuer)
    if issuer not in (aud if isinstance(aud, list) else [aud]):
        raise invalid_request_object("aud is not this issuer")
    if claims.get("sub") == client.client_id:
        raise invalid_request_object("sub is the client: this is an assertion")
    if "request" in claims or "request_uri" in claims:
        raise invalid_request_object("a request object inside a request object")


def _check_not_replayed(client: Client, claims: dict[str, Any], request_id: str) -> None:
    jti = claims.get("jti")
    if jti is None:
        return
    if not isinstance(jti, str):
        raise invalid_request_object("jti is not a string")
    expires_at = int(claims.get("exp", time.time() + REPLAY_LIFETIME_SECONDS))
    if expires_at > time.time() + LONGEST_GUARD_SECONDS:
        raise invalid_request_object("it has a jti and lives too long to be remembered")
    limit_guards("request_object", client.client_id)
    try:
        replay_guards.accept_once(
            "request_object",
            client.client_id,
            jti,
            request_id=request_id,
            lifetime_seconds=guard_lifetime_seconds(expires_at + MAX_SKEW_SECONDS),
        )
    except AlreadyUsed as error:
        raise invalid_request_object("it was used before") from error


def _parameter(name: str, value: Any) -> str:
    """Return a claim as the parameter it stands for: JSON where the parameter is JSON."""
    if isinstance(value, str):
        if has_forbidden_character(name, value):
            raise _malformed(f"{name} in the request object has a character that is not allowed")
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if name in JSON_PARAMETERS and isinstance(value, dict):
        return json.dumps(value)
    raise _malformed(f"{name} in the request object has the wrong JSON type")


def _malformed(description: str) -> ProtocolError:
    """Name a parameter: its name is one of ours, so it may show."""
    return ProtocolError("invalid_request_object", description)
