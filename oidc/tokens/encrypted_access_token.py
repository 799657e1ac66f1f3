"""Access tokens that only the API they are for can read, and we. Spec: RFC 9068 section 4."""

from __future__ import annotations

from oidc.clients.keys import encryption_key
from oidc.clients.record import Client
from oidc.errors import ProtocolError
from oidc.keys.jws import InvalidToken
from oidc.keys.resource_jwe import (
    DEFAULT_RESOURCE_CONTENT_ENCRYPTION,
    NotReadable,
    encrypt_for_resource,
    open_own,
)

_DOTS = 4
"""Between the parts of a compact JWE (RFC 7516 section 3.1)."""


def encrypted_for_api(resource: Client, token: str, *, typ: str) -> str:
    """Return a signed token, encrypted to the API that it is for.

    Raises:
        ProtocolError: `invalid_request`: the API publishes no key.
    """
    alg = resource.access_token_encryption_alg
    key = encryption_key(resource, alg)
    if key is None:
        raise ProtocolError("invalid_request", "the API publishes no key to encrypt to")
    enc = resource.access_token_encryption_enc or DEFAULT_RESOURCE_CONTENT_ENCRYPTION
    return encrypt_for_resource(token, key.key, alg=alg, enc=enc, kid=key.kid, typ=typ)


def opened(token: str) -> str:
    """Return the signed token in an encrypted one; any other as it is.

    Raises:
        InvalidToken: encrypted, but not by us.
    """
    if token.count(".") != _DOTS:
        return token
    try:
        return open_own(token)
    except NotReadable as error:
        raise InvalidToken(f"encrypted: {error}") from error
