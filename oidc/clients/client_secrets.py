"""The secrets in a client's row: which clients have one, how it is made, and how it ends."""

from __future__ import annotations

import secrets
import time
from hashlib import sha256

from oidc.clients.profiles import SECRET_METHODS
from oidc.clients.symmetric import MOST_SECRETS, with_secret
from oidc.keys.algorithms import SYMMETRIC_ALGORITHM
from oidc.models.client import OAuthClient


def needs_secret(client: OAuthClient) -> bool:
    """Tell whether a client authenticates with a secret."""
    return client.token_endpoint_auth_method in SECRET_METHODS


def needs_readable_secret(client: OAuthClient) -> bool:
    """Tell whether signatures are made or checked with a client's secret itself."""
    algorithms = (client.id_token_signed_response_alg, client.userinfo_signed_response_alg)
    return (
        client.token_endpoint_auth_method == "client_secret_jwt"
        or SYMMETRIC_ALGORITHM in algorithms
    )


def add_secret(client: OAuthClient) -> str:
    """Add a secret of 256 random bits and return it.

    Only its hash is kept, unless signatures are made with it.
    """
    client_secret = secrets.token_urlsafe(32)
    entry = {
        "sha256": sha256(client_secret.encode()).hexdigest(),
        "created_at": int(time.time()),
        "expires_at": 0,
    }
    client.client_secrets = [*client.client_secrets, entry][-MOST_SECRETS:]
    if needs_readable_secret(client):
        client.symmetric_secret_encrypted = with_secret(
            client.symmetric_secret_encrypted, client_secret
        )
    return client_secret


def expire_secrets(client: OAuthClient, overlap_seconds: int) -> None:
    """Let every secret end after the overlap, none later than it would have anyway."""
    now = int(time.time())
    ends_at = now + overlap_seconds
    remaining = [
        {**entry, "expires_at": min(entry["expires_at"] or ends_at, ends_at)}
        for entry in client.client_secrets
    ]
    client.client_secrets = [entry for entry in remaining if entry["expires_at"] > now]
