"""Changes clients. The one way in for the admin, the command line, and registration.

Everything is validated as a whole before it is written, and written in one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from oidc.clients.client_secrets import (
    add_secret,
    expire_secrets,
    needs_readable_secret,
    needs_secret,
)
from oidc.clients.judgement import (
    end_consents,
    ends_judgement,
    note_ended_judgement,
    without_judgement,
)
from oidc.clients.metadata import changed_metadata, new_metadata
from oidc.clients.profiles import PROFILES
from oidc.clients.sector_document import check_sector_document
from oidc.clients.validation import COLUMNS, InvalidClientMetadata, Problem, validate_metadata
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
    client_secret = add_secret(client) if needs_secret(client) else None
    client.save(force_insert=True)
    return CreatedClient(client, client_secret)


def update_client(
    client: OAuthClient, changes: dict[str, Any], *, by_itself: bool = False
) -> OAuthClient:
    """Change some members, leave the others. A member set to None goes back to its default.

    A new name or destination ends what people allowed the client. `by_itself`: the client asked for
    the change, not an admin; then what admins judged ends too, and with other credentials as well.

    A client that turns to another way of authentication, or to signatures made with its secret,
    loses its secrets; one that turns to a secret gets it by `rotate_secret`.

    Raises:
        InvalidClientMetadata: nothing was written.
    """
    # Out here, because it may ask another server, and with the row as it is now.
    validate_changes(OAuthClient.objects.get(pk=client.pk), changes, by_itself=by_itself)
    with transaction.atomic():
        client = _lock(client)
        metadata = _validated_changes(client, changes, by_itself=by_itself)
        end_consents(client, metadata)
        if by_itself:
            note_ended_judgement(client, metadata)
        _apply(client, metadata)
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
        expire_secrets(client, overlap_seconds)
        client_secret = add_secret(client)
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
    metadata = validate_metadata(new_metadata(given))
    check_sector_document(metadata)
    return metadata


def validate_changes(
    client: OAuthClient, changes: dict[str, Any], *, by_itself: bool = False
) -> dict[str, Any]:
    """Return all metadata that `update_client` would write.

    Raises:
        InvalidClientMetadata: with every problem.
    """
    metadata = _validated_changes(client, changes, by_itself=by_itself)
    vouched_for = ("redirect_uris", "sector_identifier_uri")
    if any(metadata[member] != getattr(client, member) for member in vouched_for):
        check_sector_document(metadata)
    return metadata


def _validated_changes(
    client: OAuthClient, changes: dict[str, Any], *, by_itself: bool
) -> dict[str, Any]:
    """Return the whole metadata after a change, and after the end of what it ends."""
    metadata = changed_metadata(client, changes)
    if by_itself:
        # Without first: a switch that ends must not make the change invalid.
        unjudged = validate_metadata(without_judgement(metadata))
        if ends_judgement(client, unjudged):
            return unjudged
    return validate_metadata(metadata)


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
