"""Finds clients for the protocol: a record from memory, or from SQL every few seconds."""

from __future__ import annotations

import re
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save

from accounts.short_memory import ShortMemory
from oidc.clients.names import shown_name
from oidc.clients.record import Client, ClientSecret
from oidc.conf import configuration
from oidc.models.access import reading
from oidc.models.client import OAuthClient
from oidc.models.client_logo import ClientLogo
from oidc.models.client_registration import ClientRegistration

_CLIENT_ID = re.compile(r"[\x21-\x7e]{1,255}")

UNKNOWN, SWITCHED_OFF = "unknown client", "the client is switched off"

cache: ShortMemory[Client] = ShortMemory()


def find_client(client_id: str) -> Client | None:
    """Return the client with this id, None if it is unknown or disabled.

    A change made by another process is seen after `client_cache_seconds` at the latest. Unknown
    ids are asked for every time: remembering them would let anybody fill the memory.

    Raises:
        StoreUnavailable: the database did not answer.
    """
    found = find_client_or_reason(client_id)
    return None if isinstance(found, str) else found


def find_client_or_reason(client_id: str) -> Client | str:
    """Do what `find_client` does; where there is none, tell why: `UNKNOWN`, or `SWITCHED_OFF`."""
    return cache.find(client_id) or _read_client(client_id)


def _read_client(client_id: str) -> Client | str:
    if not _CLIENT_ID.fullmatch(client_id):
        return UNKNOWN
    changes = cache.changes
    with reading():
        rows = OAuthClient.objects.select_related("registration", "logo").defer("logo__content")
        row = rows.filter(client_id=client_id).first()
    if row is None:
        return UNKNOWN
    if not row.is_active:
        return SWITCHED_OFF
    client = record_of(row)
    cache.keep(client_id, client, configuration().client_cache_seconds, changes=changes)
    return client


def record_of(row: OAuthClient) -> Client:
    """Return the frozen record of a row."""
    return Client(
        client_id=row.client_id,
        client_name=shown_name(row.client_name, row.client_id),
        profile=row.profile,
        token_endpoint_auth_method=row.token_endpoint_auth_method,
        secrets=tuple(
            ClientSecret(secret["sha256"], secret["expires_at"]) for secret in row.client_secrets
        ),
        redirect_uris=tuple(row.redirect_uris),
        post_logout_redirect_uris=tuple(row.post_logout_redirect_uris),
        grant_types=frozenset(row.grant_types),
        response_types=frozenset(row.response_types),
        scope=tuple(row.scope.split()),
        jwks=row.jwks,
        jwks_uri=row.jwks_uri,
        token_endpoint_auth_signing_alg=row.token_endpoint_auth_signing_alg,
        id_token_signed_response_alg=row.id_token_signed_response_alg,
        client_uri=row.client_uri,
        logo_uri=row.logo_uri,
        logo_sha256=_logo_of(row),
        policy_uri=row.policy_uri,
        tos_uri=row.tos_uri,
        default_max_age=row.default_max_age,
        require_pkce=row.require_pkce,
        rotate_refresh_tokens=row.rotate_refresh_tokens,
        require_registered_auth_method=row.require_registered_auth_method,
        private_use_schemes=tuple(row.private_use_schemes),
        trusted=row.trusted,
        self_registered=_is_self_registered(row),
        access_token_audience=tuple(row.access_token_audience),
        introspection_audience=tuple(row.introspection_audience),
        access_token_encryption_alg=row.access_token_encryption_alg,
        access_token_encryption_enc=row.access_token_encryption_enc,
        access_token_format=row.access_token_format,
        access_token_signing_alg=row.access_token_signing_alg,
        access_token_typ=row.access_token_typ,
        id_token_claims=row.id_token_claims,
        access_token_lifetime_seconds=row.access_token_lifetime_seconds,
        backchannel_logout_uri=row.backchannel_logout_uri,
        frontchannel_logout_uri=row.frontchannel_logout_uri,
        backchannel_logout_session_required=row.backchannel_logout_session_required,
        frontchannel_logout_session_required=row.frontchannel_logout_session_required,
        initiate_login_uri=row.initiate_login_uri,
        subject_type=row.subject_type,
        sector_identifier_uri=row.sector_identifier_uri,
        require_auth_time=row.require_auth_time,
        default_acr_values=tuple(row.default_acr_values),
        request_uris=tuple(row.request_uris),
        request_object_signing_alg=row.request_object_signing_alg,
        request_object_encryption_alg=row.request_object_encryption_alg,
        request_object_encryption_enc=row.request_object_encryption_enc,
        id_token_encrypted_response_alg=row.id_token_encrypted_response_alg,
        id_token_encrypted_response_enc=row.id_token_encrypted_response_enc,
        userinfo_signed_response_alg=row.userinfo_signed_response_alg,
        userinfo_encrypted_response_alg=row.userinfo_encrypted_response_alg,
        userinfo_encrypted_response_enc=row.userinfo_encrypted_response_enc,
        symmetric_secret_encrypted=row.symmetric_secret_encrypted,
    )


def _logo_of(row: OAuthClient) -> str:
    """Return the hash of our copy of its logo, an empty string as long as there is none."""
    logo: ClientLogo | None = getattr(row, "logo", None)
    return logo.sha256 if logo is not None and logo.uri == row.logo_uri else ""


def _is_self_registered(row: OAuthClient) -> bool:
    """Tell whether nobody vouches for a client, as for those that the worker may forget."""
    registration: ClientRegistration | None = getattr(row, "registration", None)
    return (
        registration is not None
        and registration.initial_access_token_id is None
        and not registration.software_statement
        and not row.trusted
    )


def _forget(*, instance: OAuthClient, **_: Any) -> None:
    """Drop a changed client at once, and again once the change is there for others to read."""
    client_id = instance.client_id
    cache.forget(client_id)
    transaction.on_commit(lambda: cache.forget(client_id))


post_save.connect(_forget, sender=OAuthClient, dispatch_uid="forget_saved_client")
post_delete.connect(_forget, sender=OAuthClient, dispatch_uid="forget_deleted_client")
