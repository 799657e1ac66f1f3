"""Secrets that signatures are made with: readable to the server, and for clients that ask only.

Spec: OpenID Connect Core 1.0 section 10.1.
"""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.core import serializers

from oidc.clients.repository import record_of
from oidc.clients.service import create_client, rotate_secret, update_client
from oidc.clients.symmetric import symmetric_secrets
from oidc.models import OAuthClient

pytestmark = pytest.mark.django_db
ASKING = [
    {"token_endpoint_auth_method": "client_secret_jwt"},
    {"id_token_signed_response_alg": "HS256"},
    {"userinfo_signed_response_alg": "HS256"},
]


def make(**metadata: Any) -> tuple[OAuthClient, str]:
    metadata = {"redirect_uris": ["https://app.example/cb"], **metadata}
    created = create_client("App", "web", metadata=metadata)
    return created.client, str(created.client_secret)


def readable(client: OAuthClient) -> list[str]:
    row = OAuthClient.objects.get(pk=client.pk)
    return [secret.decode() for secret in symmetric_secrets(record_of(row))]


@pytest.mark.parametrize("metadata", ASKING, ids=str)
def test_a_client_that_asks_has_a_readable_secret_encrypted_at_rest(metadata: Any) -> None:
    client, secret = make(**metadata)
    assert readable(client) == [secret]
    assert secret not in serializers.serialize("json", OAuthClient.objects.all())
    assert client.symmetric_secret_encrypted.startswith("gAAAA")  # Fernet


def test_no_other_client_has_one() -> None:
    client, _ = make()
    rotate_secret(client)
    assert OAuthClient.objects.get(pk=client.pk).symmetric_secret_encrypted == ""
    assert readable(client) == []


@pytest.mark.parametrize("metadata", ASKING, ids=str)
def test_who_asks_later_needs_a_new_secret(metadata: Any) -> None:
    client, secret = make()
    changed = update_client(client, metadata)
    assert changed.client_secrets == []
    assert not record_of(changed).check_client_secret(secret)
    new = str(rotate_secret(changed).client_secret)
    assert readable(changed) == [new]


def test_who_asks_no_more_loses_it_and_keeps_the_hash() -> None:
    client, secret = make(id_token_signed_response_alg="HS256")
    changed = update_client(client, {"id_token_signed_response_alg": "RS256"})
    assert changed.symmetric_secret_encrypted == ""
    assert record_of(changed).check_client_secret(secret)


def test_another_change_leaves_it() -> None:
    client, secret = make(id_token_signed_response_alg="HS256")
    update_client(client, {"tos_uri": "https://app.example/tos"})
    assert readable(client) == [secret]


def test_the_newest_comes_first_and_an_old_one_ends_with_its_overlap() -> None:
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        client, secret = make(id_token_signed_response_alg="HS256")
        new = str(rotate_secret(client, overlap_seconds=60).client_secret)
        assert readable(client) == [new, secret]
        clock.shift(61)
        assert readable(client) == [new]


def test_no_more_are_kept_than_are_valid() -> None:
    client, _ = make(id_token_signed_response_alg="HS256")
    secrets = [str(rotate_secret(client).client_secret) for _ in range(7)]
    assert readable(client) == secrets[:-6:-1]
    row = OAuthClient.objects.get(pk=client.pk)
    assert len(row.symmetric_secret_encrypted.split()) == 5


def test_a_new_secret_key_reads_what_the_old_one_wrote(settings: Any) -> None:
    client, secret = make(id_token_signed_response_alg="HS256")
    old_keys = settings.GATEHOUSE["secret_keys"]
    settings.GATEHOUSE = {**settings.GATEHOUSE, "secret_keys": ("another" * 8, *old_keys)}
    assert readable(client) == [secret]
