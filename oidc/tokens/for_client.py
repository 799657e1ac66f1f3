"""Tokens for one client, as it registered: signed with a key of ours or with its own secret, and
encrypted to a key of its own.

Spec: OpenID Connect Core 1.0 sections 10.1 and 10.2.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jwt

from oidc.clients.keys import encryption_key
from oidc.clients.record import Client
from oidc.clients.repository import find_client
from oidc.clients.symmetric import symmetric_secrets
from oidc.errors import ProtocolError
from oidc.keys import jwe, jws
from oidc.keys.algorithms import DEFAULT_CONTENT_ENCRYPTION, SYMMETRIC_ALGORITHM
from oidc.keys.decryption import DecryptionFailed, decrypt


class OwnToken(NamedTuple):
    """The claims of a token that was made for a client."""

    claims: dict[str, Any]
    is_proof: bool
    """Nobody but this server can have made it. With HS256, the client itself could."""


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


def secure_like_id_token(client: Client, claims: dict[str, Any], *, typ: str) -> str:
    """Sign, and encrypt if the client wants that, what is secured as its ID tokens are.

    Raises:
        ProtocolError: `invalid_request`: the client's secret or keys do not serve for it.
    """
    token = sign_for_client(client, claims, client.id_token_signed_response_alg, typ=typ)
    alg, enc = client.id_token_encrypted_response_alg, client.id_token_encrypted_response_enc
    return encrypt_for_client(client, token, alg, enc, nested=True) if alg else token


def encrypt_for_client(
    client: Client, payload: str, alg: str, enc: str, *, nested: bool = False
) -> str:
    """Encrypt with algorithms that the client registered.

    `nested`: the payload is a JWT itself. `enc` is empty where only `alg` was registered, which
    has a meaning (Registration section 2).

    Raises:
        ProtocolError: `invalid_request`: the client publishes no key that serves for it.
    """
    key = encryption_key(client, alg)
    if key is None:
        raise ProtocolError("invalid_request", "the client publishes no key to encrypt to")
    enc = enc or DEFAULT_CONTENT_ENCRYPTION
    return jwe.encrypt(payload, key.key, alg=alg, enc=enc, kid=key.kid, nested=nested)


def read_own(token: str, *, typ: str) -> OwnToken:
    """Verify a token that was made for a client, expired or not. Its audience is that client.

    Raises:
        InvalidToken: not one of ours.
    """
    if token.count(".") == 4:
        token = _decrypted(token)
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") != SYMMETRIC_ALGORITHM:
            return OwnToken(jws.verify(token, typ=typ, verify_expiry=False), is_proof=True)
        claimed: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise jws.InvalidToken(type(error).__name__) from error
    if header.get("typ") != typ:
        raise jws.InvalidToken("another token type")
    return OwnToken(_read_symmetric(token, claimed.get("aud")), is_proof=False)


def _decrypted(token: str) -> str:
    """Open a token that the client encrypted to us (Core section 3.1.2.1, `id_token_hint`)."""
    try:
        return decrypt(token).decode()
    except (DecryptionFailed, ValueError) as error:
        raise jws.InvalidToken(f"encrypted: {error}") from error


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
