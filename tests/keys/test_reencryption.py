"""What is encrypted in SQL comes under the current SECRET_KEY, so that an old one can go."""

from __future__ import annotations

from typing import Any

import pytest
import structlog.testing

from oidc.clients.repository import record_of
from oidc.clients.service import create_client, rotate_secret
from oidc.clients.symmetric import symmetric_secrets
from oidc.keys import at_rest, installation_secret, lifecycle
from oidc.keys.installation_secret import installation_secret as secret_named
from oidc.keys.reencryption import reencrypt, unreadable_rows
from oidc.models import InstallationSecret, OAuthClient, SigningKey
from tests.keys.test_derived_keys import NEW, OLD, use_keys


@pytest.fixture(autouse=True)
def _own_rows(db: None, settings: Any) -> None:
    use_keys(settings, OLD)
    SigningKey.objects.all().delete()
    installation_secret.forget()


def make_client() -> tuple[OAuthClient, list[bytes]]:
    """Make a client with two readable secrets."""
    metadata = {"redirect_uris": ["https://a.example/cb"], "id_token_signed_response_alg": "HS256"}
    created = create_client("App", "web", metadata=metadata)
    rotated = rotate_secret(created.client)
    return rotated.client, [
        str(rotated.client_secret).encode(),
        str(created.client_secret).encode(),
    ]


def test_everything_is_readable_without_the_old_key_afterwards(settings: Any) -> None:
    key = lifecycle.announce("ES256")
    private = lifecycle.private_key_of(key).private_numbers()
    client, secrets = make_client()
    salt = secret_named("a salt")

    use_keys(settings, NEW, OLD)
    assert reencrypt() == 3
    assert reencrypt() == 0

    use_keys(settings, NEW)
    installation_secret.forget()
    assert unreadable_rows() == []
    assert secret_named("a salt") == salt
    assert lifecycle.private_key_of(SigningKey.objects.get()).private_numbers() == private
    assert symmetric_secrets(record_of(OAuthClient.objects.get(pk=client.pk))) == secrets


def test_what_is_current_is_left_alone() -> None:
    make_client()
    lifecycle.announce("EdDSA")
    before = list(OAuthClient.objects.values()) + list(SigningKey.objects.values())
    assert reencrypt() == 0
    assert list(OAuthClient.objects.values()) + list(SigningKey.objects.values()) == before


def test_clients_that_sign_with_nothing_are_not_touched(settings: Any) -> None:
    create_client("App", "web", metadata={"redirect_uris": ["https://a.example/cb"]})
    use_keys(settings, NEW, OLD)
    assert reencrypt() == 0


def test_what_no_key_opens_stays_and_is_told(settings: Any) -> None:
    secret_named("lost")
    row = InstallationSecret.objects.get()
    use_keys(settings, NEW)
    with structlog.testing.capture_logs() as logs:
        assert reencrypt() == 0
    assert [(entry["event"], entry["row"]) for entry in logs] == [("cannot_decrypt", row.pk)]
    assert unreadable_rows() == ["lost"]
    use_keys(settings, NEW, OLD)
    assert reencrypt() == 1


def test_a_change_meanwhile_is_not_lost(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client, _ = make_client()
    use_keys(settings, NEW, OLD)
    genuine = at_rest.renewed
    rotated: list[str] = []

    def renewed_late(text: str) -> str:
        if not rotated:
            rotated.append(str(rotate_secret(client).client_secret))
        return genuine(text)

    monkeypatch.setattr(at_rest, "renewed", renewed_late)
    assert reencrypt() == 0
    secrets = symmetric_secrets(record_of(OAuthClient.objects.get(pk=client.pk)))
    assert secrets[0].decode() == rotated[0]
    assert reencrypt() == 1
