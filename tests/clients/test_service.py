"""Changing clients: whole or not at all, and secrets that nobody can read again."""

from __future__ import annotations

import json
from typing import Any

import pytest
import time_machine
from django.core import serializers
from django.db import OperationalError

from oidc.clients.judgement import sends_elsewhere
from oidc.clients.metadata import client_as_rfc7591
from oidc.clients.repository import record_of
from oidc.clients.service import (
    create_client,
    delete_client,
    disable_client,
    enable_client,
    rotate_secret,
    update_client,
)
from oidc.clients.validation import InvalidClientMetadata
from oidc.models import Consent
from oidc.models.client import OAuthClient
from oidc.requests.consent import remember_consent
from tests.clients.keys_for_tests import public_jwk
from tests.support.relying_party import new_person

pytestmark = pytest.mark.django_db
REDIRECT_URI = "https://app.example/cb"


def make_web(**metadata: Any) -> tuple[OAuthClient, str]:
    created = create_client("App", "web", metadata={"redirect_uris": [REDIRECT_URI], **metadata})
    assert created.client_secret is not None
    return created.client, created.client_secret


def accepts(client: OAuthClient, client_secret: str) -> bool:
    return record_of(OAuthClient.objects.get(pk=client.pk)).check_client_secret(client_secret)


def test_client_ids_and_secrets_are_long_enough_and_safe_everywhere() -> None:
    made = [make_web() for _ in range(20)]
    assert len({client.client_id for client, _ in made}) == 20
    assert len({client_secret for _, client_secret in made}) == 20
    for client, client_secret in made:
        assert len(client.client_id) == 26 and client.client_id.isalnum()  # 5 bits each: 130
        assert len(client_secret) == 43  # 6 bits each: 258
        assert client_secret.replace("-", "").replace("_", "").isalnum()


def test_only_the_hash_of_a_secret_is_stored() -> None:
    client, client_secret = make_web()
    assert accepts(client, client_secret)
    assert not accepts(client, client_secret + "x")
    assert not accepts(client, "")
    assert client_secret not in serializers.serialize("json", OAuthClient.objects.all())
    assert client.client_secrets[0].keys() == {"sha256", "created_at", "expires_at"}


def test_a_refused_client_is_not_written() -> None:
    with pytest.raises(InvalidClientMetadata):
        create_client("App", "web", metadata={"redirect_uris": ["http://app.example/cb"]})
    assert not OAuthClient.objects.exists()


def test_an_update_changes_what_it_names() -> None:
    client, client_secret = make_web(contacts=["ops@example.com"], default_max_age=60)
    changed = update_client(client, {"scope": "openid", "software_id": "x"})
    stored = OAuthClient.objects.get(pk=client.pk)
    assert changed.scope == stored.scope == "openid"
    assert stored.additional_metadata == {"contacts": ["ops@example.com"], "software_id": "x"}
    assert stored.redirect_uris == [REDIRECT_URI] and stored.default_max_age == 60
    assert accepts(client, client_secret)


def test_none_takes_a_member_back() -> None:
    client, _ = make_web(contacts=["ops@example.com"], default_max_age=60, tos_uri="https://a.b/")
    changed = update_client(client, {"contacts": None, "default_max_age": None, "tos_uri": None})
    assert changed.additional_metadata == {}
    assert changed.default_max_age is None
    assert changed.tos_uri == ""


def test_a_refused_update_changes_nothing() -> None:
    client, _ = make_web()
    with pytest.raises(InvalidClientMetadata):
        update_client(client, {"scope": "openid", "redirect_uris": []})
    stored = OAuthClient.objects.get(pk=client.pk)
    assert stored.scope != "openid" and stored.redirect_uris == [REDIRECT_URI]


def test_an_update_builds_on_the_row_and_not_on_an_old_copy() -> None:
    client, client_secret = make_web()
    old_copy = OAuthClient.objects.get(pk=client.pk)
    update_client(client, {"tos_uri": "https://app.example/tos"})
    new_secret = str(rotate_secret(client).client_secret)
    update_client(old_copy, {"policy_uri": "https://app.example/policy"})
    stored = OAuthClient.objects.get(pk=client.pk)
    assert stored.tos_uri and stored.policy_uri
    assert accepts(client, client_secret) and accepts(client, new_secret)
    rotate_secret(old_copy)
    assert accepts(client, new_secret)


def test_another_way_of_authentication_takes_the_secrets_away() -> None:
    client, client_secret = make_web()
    changed = update_client(
        client,
        {
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": {"keys": [public_jwk("ES256", kid="a")]},
        },
    )
    assert changed.client_secrets == []
    back = update_client(changed, {"token_endpoint_auth_method": "client_secret_post"})
    assert not accepts(back, client_secret)
    assert accepts(back, str(rotate_secret(back).client_secret))


def test_rotation_keeps_the_old_secret_for_the_overlap() -> None:
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        client, old = make_web()
        new = str(rotate_secret(client, overlap_seconds=3600).client_secret)
        assert new != old
        assert accepts(client, old) and accepts(client, new)
        clock.shift(3599)
        assert accepts(client, old)
        clock.shift(1)
        assert not accepts(client, old)
        assert accepts(client, new)


def test_rotation_without_overlap_ends_the_old_secret_at_once() -> None:
    client, old = make_web()
    new = str(rotate_secret(client, overlap_seconds=0).client_secret)
    assert not accepts(client, old) and accepts(client, new)


def test_a_second_rotation_prolongs_nothing() -> None:
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        client, first = make_web()
        second = str(rotate_secret(client, overlap_seconds=60).client_secret)
        third = str(rotate_secret(client, overlap_seconds=7200).client_secret)
        clock.shift(61)
        assert not accepts(client, first)
        assert accepts(client, second) and accepts(client, third)
        rotate_secret(client, overlap_seconds=-5)
        assert not accepts(client, second) and not accepts(client, third)


def test_secrets_do_not_pile_up() -> None:
    client, _ = make_web()
    newest = [str(rotate_secret(client).client_secret) for _ in range(8)]
    stored = OAuthClient.objects.get(pk=client.pk)
    assert len(stored.client_secrets) == 5
    assert accepts(client, newest[-1]) and accepts(client, newest[-2])


def test_a_public_client_gets_no_secret() -> None:
    created = create_client("App", "spa", metadata={"redirect_uris": [REDIRECT_URI]})
    with pytest.raises(InvalidClientMetadata):
        rotate_secret(created.client)
    assert OAuthClient.objects.get().client_secrets == []


def test_disable_enable_delete() -> None:
    client, _ = make_web()
    assert disable_client(client).is_active is False
    assert enable_client(client).is_active is True
    delete_client(client)
    assert not OAuthClient.objects.exists()


def test_rfc7591_3_2_1_a_registration_response() -> None:
    client, client_secret = make_web(
        jwks=None, contacts=["ops@example.com"], **{"client_name#de": "Anwendung"}
    )
    answer = json.loads(json.dumps(client_as_rfc7591(client, client_secret)))
    assert answer["client_id"] == client.client_id
    assert answer["client_secret"] == client_secret
    assert answer["client_secret_expires_at"] == 0
    assert answer["client_id_issued_at"] == int(client.created_at.timestamp())
    assert answer["application_type"] == "web"
    assert answer["redirect_uris"] == [REDIRECT_URI]
    assert answer["client_name#de"] == "Anwendung"
    assert answer["contacts"] == ["ops@example.com"]
    assert "jwks" not in answer and "tos_uri" not in answer and "default_max_age" not in answer


def test_rfc7591_3_2_1_without_a_secret_nothing_is_said_about_one() -> None:
    client, _ = make_web()
    answer = client_as_rfc7591(client)
    assert not {"client_secret", "client_secret_expires_at", "client_secrets"} & answer.keys()
    machine = create_client("Job", "machine").client
    assert client_as_rfc7591(machine)["response_types"] == []  # left out it would mean "code"


# --- What is judged, and ends ---------------------------------------------------------------------


def test_a_change_and_the_end_of_consents_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    client, _ = make_web()
    person = new_person()
    remember_consent(str(person.pk), client.client_id, ["openid"])

    def lost(*_: object, **__: object) -> None:
        raise OperationalError("the connection was lost")

    with monkeypatch.context() as broken, pytest.raises(OperationalError):
        broken.setattr(OAuthClient, "save", lost)
        update_client(client, {"client_name": "Another"})
    assert Consent.objects.filter(client_id=client.client_id).exists()
    update_client(client, {"client_name": "Another"})
    assert not Consent.objects.filter(client_id=client.client_id).exists()


@pytest.mark.parametrize(
    ("before", "after", "elsewhere"),
    [
        (["https://a.example/x"], ["https://A.example:443/y"], False),
        (["https://a.example/", "https://b.example/"], ["https://b.example/"], False),
        (["http://localhost:1/"], ["http://localhost:2/"], False),
        (["https://a.example/"], ["https://a.example:444/"], True),
        (["https://a.example/"], ["https://a.example/", "https://b.example/"], True),
        (["https://localhost/"], ["http://localhost/"], True),
        (["http://127.0.0.1/"], ["http://localhost/"], True),
        (["app:/x"], ["app:/y"], False),
        (["app://one/x"], ["app://two/x"], True),
        (["app://["], ["app://["], False),  # registered before such addresses were refused
        (["app://["], ["app:/x"], True),
        ([], ["app:/x"], True),
        (["app:/x"], [], False),
    ],
)
def test_what_sends_people_elsewhere(before: list[str], after: list[str], elsewhere: bool) -> None:
    assert sends_elsewhere(before, after) is elsewhere
