"""Changes clients. The one way in for the admin, the command line, and registration.

Everything is validated as a whole before it is written, and written in one transaction.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.db import transaction

from oidc.clients.profiles import PROFILES, SECRET_METHODS, grant_types_of
from oidc.clients.sector_document import check_sector_document
from oidc.clients.symmetric import MOST_SECRETS, with_secret
from oidc.clients.validation import COLUMNS, InvalidClientMetadata, Problem, validate_metadata
from oidc.keys.algorithms import SYMMETRIC_ALGORITHM
from oidc.models.client import OAuthClient

DEFAULT_OVERLAP_SECONDS = 24 * 3600
LONGEST_OVERLAP_SECONDS = 90 * 24 * 3600


@dataclass(frozen=True, slots=True)
class CreatedClient:
    """A new client, and its secret, which nobody can read again."""

    client: OAuthClient
    client_secret: str | None


def create_client(
    client_name: str, profile: str, *, metadata: dict[str, Any] | None = None, origin: str = ""
) -> CreatedClient:
    """Register a client: the presets of its profile, then what `metadata` says otherwise.

    `origin`: which front door it came through.

    Raises:
        InvalidClientMetadata: nothing was written.
    """
    client = OAuthClient(origin=origin)
    _apply(client, validate_new_client(client_name, profile, metadata or {}))
    client_secret = _add_secret(client) if needs_secret(client) else None
    client.save(force_insert=True)
    return CreatedClient(client, client_secret)


def update_client(client: OAuthClient, changes: dict[str, Any]) -> OAuthClient:
    """Change some members, leave the others. A member set to None goes back to its default.

    A client that turns to another way of authentication, or to signatures made with its secret,
    loses its secrets; one that turns to a secret gets it by `rotate_secret`.

    Raises:
        InvalidClientMetadata: nothing was written.
    """
    # Out here, because it may ask another server, and with the row as it is now.
    validate_changes(OAuthClient.objects.get(pk=client.pk), changes)
    with transaction.atomic():
        client = _lock(client)
        _apply(client, _changed_metadata(client, changes))
        if not needs_secret(client):
            client.client_secrets = []
        if not needs_readable_secret(client):
            client.symmetric_secret_encrypted = ""
        elif not client.symmetric_secret_encrypted:
            client.client_secrets = []  # nobody can read them again, so a new one is needed
        client.save()
    return client


def rotate_secret(
    client: OAuthClient, *, overlap_seconds: int = DEFAULT_OVERLAP_SECONDS
) -> CreatedClient:
    """Give a client a new secret. The old ones stay valid for `overlap_seconds`, 0 for not at all.

    Raises:
        InvalidClientMetadata: the client does not authenticate with a secret.
    """
    overlap_seconds = min(overlap_seconds, LONGEST_OVERLAP_SECONDS)
    with transaction.atomic():
        client = _lock(client)
        if not needs_secret(client):
            raise InvalidClientMetadata(
                [Problem("token_endpoint_auth_method", "This client does not use a secret.")]
            )
        _expire_secrets(client, overlap_seconds)
        client_secret = _add_secret(client)
        client.save(update_fields=["client_secrets", "symmetric_secret_encrypted", "updated_at"])
    return CreatedClient(client, client_secret)


def disable_client(client: OAuthClient) -> OAuthClient:
    """Stop a client: it gets no more tokens, and nobody signs in through it."""
    return _set_active(client, is_active=False)


def enable_client(client: OAuthClient) -> OAuthClient:
    """Let a disabled client go on as before."""
    return _set_active(client, is_active=True)


def delete_client(client: OAuthClient) -> None:
    """Forget a client for good."""
    client.delete()


def validate_new_client(client_name: str, profile: str, metadata: dict[str, Any]) -> dict[str, Any]:
    """Return all metadata that `create_client` would write.

    Raises:
        InvalidClientMetadata: with every problem.
    """
    if profile not in PROFILES:
        raise InvalidClientMetadata([Problem("profile", f"Must be one of: {', '.join(PROFILES)}.")])
    given = {"client_name": client_name, "profile": profile, **metadata}
    metadata = validate_metadata({**metadata_of(OAuthClient()), **presets_of(given), **given})
    check_sector_document(metadata)
    return metadata


def validate_changes(client: OAuthClient, changes: dict[str, Any]) -> dict[str, Any]:
    """Return all metadata that `update_client` would write.

    Raises:
        InvalidClientMetadata: with every problem.
    """
    metadata = _changed_metadata(client, changes)
    vouched_for = ("redirect_uris", "sector_identifier_uri")
    if any(metadata[member] != getattr(client, member) for member in vouched_for):
        check_sector_document(metadata)
    return metadata


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


def metadata_of(client: OAuthClient) -> dict[str, Any]:
    """Return everything that can be changed about a client, by the names of RFC 7591."""
    columns = {member: getattr(client, member) for member in COLUMNS}
    return {**columns, **client.additional_metadata}


def client_as_rfc7591(client: OAuthClient, client_secret: str | None = None) -> dict[str, Any]:
    """Return a client as a registration response. Members without a value are left out.

    Spec: RFC 7591 section 3.2.1; OpenID Connect Registration 1.0 section 3.2.
    """
    answer: dict[str, Any] = {
        "client_id": client.client_id,
        "client_id_issued_at": int(client.created_at.timestamp()),
    }
    if client_secret is not None:
        answer |= {"client_secret": client_secret, "client_secret_expires_at": 0}
    answer["application_type"] = PROFILES[client.profile].application_type
    metadata = metadata_of(client)
    answer |= {name: value for name, value in metadata.items() if value not in ("", None, [])}
    # Left out, these two would mean their defaults (RFC 7591 section 2), not "none".
    return answer | {name: metadata[name] for name in ("grant_types", "response_types")}


def _changed_metadata(client: OAuthClient, changes: dict[str, Any]) -> dict[str, Any]:
    return validate_metadata(_without_emptied({**metadata_of(client), **changes}))


def presets_of(given: dict[str, Any]) -> dict[str, Any]:
    """Return the presets of the profile, so far as what is given leaves them their sense."""
    presets = PROFILES[given["profile"]].presets()
    if "response_types" in given:
        presets["grant_types"] = _fitting(presets["grant_types"], given["response_types"])
    if given.get("token_endpoint_auth_method") == "none":
        presets["require_pkce"] = True  # OAuth 2.1 section 7.5: without exception if public
    return presets


def _fitting(grant_types: list[str], response_types: Any) -> list[str]:
    """Leave the grant types that some response types need, and refresh tokens to codes."""
    if not isinstance(response_types, list) or not all(isinstance(t, str) for t in response_types):
        return grant_types  # refused elsewhere
    needed = grant_types_of(response_types)
    left_out = {"authorization_code", "implicit"} - needed
    if "authorization_code" not in needed:
        left_out |= {"refresh_token"}
    return [grant_type for grant_type in grant_types if grant_type not in left_out]


def _without_emptied(metadata: dict[str, Any]) -> dict[str, Any]:
    """Put its default where a column was set to None, and drop other members set to None."""
    defaults = metadata_of(OAuthClient())
    return {
        member: defaults[member] if value is None else value
        for member, value in metadata.items()
        if member in COLUMNS or value is not None
    }


def _apply(client: OAuthClient, metadata: dict[str, Any]) -> None:
    for member in COLUMNS:
        setattr(client, member, metadata[member])
    client.additional_metadata = {
        member: value for member, value in metadata.items() if member not in COLUMNS
    }


def _lock(client: OAuthClient) -> OAuthClient:
    """Return the row as it is now, held against other changes until the transaction ends."""
    return OAuthClient.objects.select_for_update().get(pk=client.pk)


def _set_active(client: OAuthClient, *, is_active: bool) -> OAuthClient:
    with transaction.atomic():
        client = _lock(client)
        client.is_active = is_active
        client.save(update_fields=["is_active", "updated_at"])
    return client


def _add_secret(client: OAuthClient) -> str:
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


def _expire_secrets(client: OAuthClient, overlap_seconds: int) -> None:
    """Let every secret end after the overlap, none later than it would have anyway."""
    now = int(time.time())
    ends_at = now + overlap_seconds
    remaining = [
        {**entry, "expires_at": min(entry["expires_at"] or ends_at, ends_at)}
        for entry in client.client_secrets
    ]
    client.client_secrets = [entry for entry in remaining if entry["expires_at"] > now]
