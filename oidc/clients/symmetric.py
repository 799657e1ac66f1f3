"""Client secrets that the server can read: for HS256, which both sides compute.

Spec: OpenID Connect Core 1.0 section 10.1. A secret that only proves who a client is, is kept as a
hash. One that makes signatures must be there itself; it is encrypted under `SECRET_KEY`.
"""

from __future__ import annotations

from functools import lru_cache

from oidc.clients.record import Client
from oidc.keys import at_rest

MOST_SECRETS = 5
_SEPARATOR = " "  # Fernet's alphabet has none


def with_secret(symmetric_secret_encrypted: str, client_secret: str) -> str:
    """Return the column with a new secret, which comes first."""
    older = symmetric_secret_encrypted.split(_SEPARATOR)[: MOST_SECRETS - 1]
    return _SEPARATOR.join([at_rest.encrypt(client_secret.encode()), *filter(None, older)])


def symmetric_secrets(client: Client) -> list[bytes]:
    """Return the readable secrets of a client that are still valid, the newest first.

    Raises:
        CannotDecrypt: `SECRET_KEY` changed, and the old one is not among the fallbacks.
    """
    secrets = _decrypt(client.symmetric_secret_encrypted)
    return [secret for secret in secrets if client.check_client_secret(secret.decode())]


@lru_cache(maxsize=1000)
def _decrypt(symmetric_secret_encrypted: str) -> tuple[bytes, ...]:
    return tuple(map(at_rest.decrypt, symmetric_secret_encrypted.split()))
