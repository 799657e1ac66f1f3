"""Tokens signed for one client, as it registered: with a key of ours, or with its own secret.

Spec: OpenID Connect Core 1.0 section 10.1.
"""

from __future__ import annotations

from typing import Any

import jwt

from oidc.clients.record import Client
from oidc.clients.repository import find_client
from oidc.clients.symmetric import symmetric_secrets
from oidc.errors import ProtocolError
from oidc.keys import jws
from oidc.keys.algorithms import SYMMETRIC_ALGORITHM


def sign_for_client(client: Client, claims: dict[str, Any], algorithm: str, *, typ: str) -> str:
    """Sign claims with an algorithm that the client registered.

    Raises:
        ProtocolError: `invalid_request`: HS256, and the client has no secret that is valid.
    """
    if algorithm != SYMMETRIC_ALGORITHM:
        return jws.sign(claims, algorithm=algorithm, typ=typ)
    secrets = symmetric_secrets(client)
    if not secrets:
        raise ProtocolError("invalid_request", "the client has no secret to sign with")
    return jws.sign_with_secret(claims, secrets[0], typ=typ)


def read_own(token: str, *, typ: str) -> dict[str, Any]:
    """Verify a token that was made for a client, expired or not. Its audience is that client.

    Raises:
        InvalidToken: not one of ours.
    """
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") != SYMMETRIC_ALGORITHM:
            return jws.verify(token, typ=typ, verify_expiry=False)
        claimed: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise jws.InvalidToken(type(error).__name__) from error
    if header.get("typ") != typ:
        raise jws.InvalidToken("another token type")
    return _read_symmetric(token, claimed.get("aud"))


def _read_symmetric(token: str, client_id: object) -> dict[str, Any]:
    """Verify with the secrets of the client that the token says it was made for.

    Only a client that takes HS256: its secret is known to it, so it could make up such a token,
    for itself alone.
    """
    client = find_client(client_id) if isinstance(client_id, str) else None
    if client is None or client.id_token_signed_response_alg != SYMMETRIC_ALGORITHM:
        raise jws.InvalidToken("unknown key")
    failure = jws.InvalidToken("no valid secret")
    for secret in symmetric_secrets(client):
        try:
            return jws.verify_with_secret(token, secret, verify_expiry=False)
        except jws.InvalidToken as error:
            failure = error
    raise failure
