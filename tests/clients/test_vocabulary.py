"""What may be registered is what the server does, no less and no more."""

from __future__ import annotations

import dataclasses

from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddField
from django.db.models import NOT_PROVIDED

from oidc.clients.profiles import AUTH_METHODS, PROFILES
from oidc.clients.record import Client
from oidc.clients.validation.members import (
    ADDITIONAL,
    ASSERTION_ALGS,
    COLUMNS,
    GRANT_TYPES,
    SUBJECT_TYPES,
)
from oidc.endpoints.metadata import provider_metadata
from oidc.keys.algorithms import (
    CONTENT_ENCRYPTIONS,
    ENCRYPTION_ALGORITHMS,
    ID_TOKEN_ALGORITHMS,
)
from oidc.models.client import OAuthClient


def test_the_metadata_of_the_server_and_of_clients_have_one_vocabulary() -> None:
    server = provider_metadata()
    pairs = {
        "token_endpoint_auth_methods_supported": AUTH_METHODS,
        "token_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGS,
        "grant_types_supported": GRANT_TYPES,
        "id_token_signing_alg_values_supported": ID_TOKEN_ALGORITHMS,
        "id_token_encryption_alg_values_supported": ENCRYPTION_ALGORITHMS,
        "id_token_encryption_enc_values_supported": CONTENT_ENCRYPTIONS,
        "userinfo_signing_alg_values_supported": ID_TOKEN_ALGORITHMS,
        "userinfo_encryption_alg_values_supported": ENCRYPTION_ALGORITHMS,
        "userinfo_encryption_enc_values_supported": CONTENT_ENCRYPTIONS,
        "subject_types_supported": SUBJECT_TYPES,
        "response_types_supported": {
            response_type
            for profile in PROFILES.values()
            for response_type in profile.response_types
        },
    }
    for member, registrable in pairs.items():
        assert set(server[member]) == set(registrable), member


def test_every_registrable_member_is_a_column_and_reaches_the_protocol() -> None:
    columns = {field.name for field in OAuthClient._meta.get_fields()}
    assert set(COLUMNS) <= columns
    assert set(COLUMNS) <= {field.name for field in dataclasses.fields(Client)}
    assert not set(ADDITIONAL) & columns


COLUMNS_OF_THE_LAST_RELEASE = 8
"""The number of the migration that made the last of them."""


def test_the_release_before_goes_on_to_insert_clients() -> None:
    """In a rolling upgrade it knows nothing of the columns that are there already."""
    loader = MigrationLoader(None)
    added = {
        operation.name
        for (app, name), migration in loader.disk_migrations.items()
        if app == "oidc" and int(name[:4]) > COLUMNS_OF_THE_LAST_RELEASE
        for operation in migration.operations
        if isinstance(operation, AddField) and operation.model_name_lower == "oauthclient"
    }
    assert {"private_use_schemes", "id_token_claims"} <= added
    without_default = {
        field.name
        for field in OAuthClient._meta.concrete_fields
        if field.name in added and not field.null and field.db_default is NOT_PROVIDED
    }
    assert without_default == set()
