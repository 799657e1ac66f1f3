"""The life of a client that registered itself: made, found again, changed, removed.

Spec: RFC 7591 section 3, RFC 7592 section 2, OpenID Connect Registration 1.0 sections 3 and 4.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

from django.db import transaction

from oidc.clients import service
from oidc.clients.client_secrets import needs_secret
from oidc.clients.metadata import presets_of
from oidc.models import ClientRegistration, InitialAccessToken, OAuthClient
from oidc.registration.initial_access_tokens import (
    NotValid,
    consume_initial_access_token,
    token_hash,
)
from oidc.registration.members import REGISTRABLE_COLUMNS
from oidc.registration.metadata import Permission, RequestedClient, read_requested_client
from oidc.registration.software_statement import metadata_in, verify_software_statement

ORIGIN = "registration"
STATEMENT = "software_statement"


@dataclass(frozen=True, slots=True)
class Registered:
    """A client, its registration, and the secrets that are told now and never again."""

    client: OAuthClient
    registration: ClientRegistration
    registration_access_token: str
    client_secret: str | None = None


def register_client(
    requested: dict[str, Any], token: InitialAccessToken | None, remote_address: str
) -> Registered:
    """Make a client. The use of the token and the client come into being together, or not at all.

    Raises:
        InvalidClientMetadata: as `read_requested_client` and `create_client` say.
        ProtocolError: the software statement does not count.
        NotValid: others used the token up.
    """
    statement = requested.get(STATEMENT) or ""
    said = verify_software_statement(statement) if statement else {}
    permitted_scope = token.scope if token else ""
    permission = Permission(has_token=token is not None, scope=permitted_scope)
    wanted = read_requested_client({**requested, **said}, permission)
    service.validate_new_client(wanted.client_name, wanted.profile, wanted.metadata)
    registration_access_token = secrets.token_urlsafe(32)
    with transaction.atomic():
        if token is not None:
            consume_initial_access_token(token)
        created = service.create_client(
            wanted.client_name, wanted.profile, metadata=wanted.metadata, origin=ORIGIN
        )
        registration = ClientRegistration.objects.create(
            client=created.client,
            registration_access_token_sha256=token_hash(registration_access_token),
            initial_access_token=token,
            software_statement=statement,
            permitted_scope=permitted_scope,
            remote_address=remote_address,
        )
    return Registered(
        created.client, registration, registration_access_token, created.client_secret
    )


def find_registered(client_id: str, registration_access_token: str) -> Registered:
    """Return the client that may be managed with this token.

    Raises:
        NotValid: no such client, or another one's token.
    """
    rows = ClientRegistration.objects.select_related("client")
    registration = rows.filter(client__client_id=client_id).first()
    expected = registration.registration_access_token_sha256 if registration else ""
    matches = compare_digest(expected, token_hash(registration_access_token))
    if registration is None or not matches:
        raise NotValid("the registration access token is unknown, or of another client")
    return Registered(registration.client, registration, registration_access_token)


def update_registered(registered: Registered, requested: dict[str, Any]) -> Registered:
    """Replace everything that the client registered. What is left out goes back to its default.

    What an admin judged ends with the name, destination or credentials that it was judged by.

    Spec: RFC 7592 section 2.2.

    Raises:
        InvalidClientMetadata, ProtocolError: as for a new one; nothing was written.
    """
    registration = registered.registration
    presented = requested.get(STATEMENT) or ""
    statement = presented or registration.software_statement
    said = verify_software_statement(presented) if presented else {}
    if statement and not presented:
        said = metadata_in(statement)
    permission = Permission(
        has_token=registration.initial_access_token_id is not None,
        scope=registration.permitted_scope,
        private_use_schemes=tuple(registered.client.private_use_schemes),
    )
    wanted = read_requested_client({**requested, **said}, permission)
    changes = _replacing(registered.client, wanted)
    service.validate_changes(registered.client, changes, by_itself=True)
    with transaction.atomic():
        client = service.update_client(registered.client, changes, by_itself=True)
        client_secret = None
        if needs_secret(client) and not client.client_secrets:
            client_secret = service.rotate_secret(client).client_secret
        registration.software_statement = statement
        registration.save(update_fields=["software_statement"])
    return Registered(client, registration, registered.registration_access_token, client_secret)


def remove_registered(registered: Registered) -> None:
    """Forget the client; its registration goes with it."""
    service.delete_client(registered.client)


def _replacing(client: OAuthClient, wanted: RequestedClient) -> dict[str, Any]:
    """Return changes that leave nothing of what was registered before, but admins' switches."""
    forgotten: dict[str, Any] = dict.fromkeys((*REGISTRABLE_COLUMNS, *client.additional_metadata))
    changes = {**forgotten, "client_name": wanted.client_name, "profile": wanted.profile}
    changes |= wanted.metadata
    if wanted.profile != client.profile or changes["token_endpoint_auth_method"] == "none":
        presets = presets_of(changes)
        changes["require_pkce"] = presets["require_pkce"]
        changes["rotate_refresh_tokens"] = True
    return changes
