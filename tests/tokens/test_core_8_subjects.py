"""The `sub` by which a client knows a person. Spec: OpenID Connect Core 1.0 section 8."""

from __future__ import annotations

import pytest

from oidc.clients.record import Client
from oidc.keys import installation_secret
from oidc.models import InstallationSecret
from oidc.tokens.subjects import sector_identifier, subject_for

USER, OTHER_USER = "0b2c7d4e-user", "5f0a1b9c-user"


def pairwise(*redirect_uris: str, sector_identifier_uri: str = "") -> Client:
    return Client(
        "id",
        "App",
        "web",
        "client_secret_basic",
        redirect_uris=redirect_uris,
        subject_type="pairwise",
        sector_identifier_uri=sector_identifier_uri,
    )


A = pairwise("https://a.example/cb", "https://A.example:8443/other")
B = pairwise("https://b.example/cb")
A_AND_B = pairwise(
    "https://a.example/cb", "https://b.example/cb", sector_identifier_uri="https://a.example/s.json"
)


@pytest.fixture(autouse=True)
def _own_salt(db: None) -> None:
    installation_secret.forget()


def test_8_a_public_sub_is_the_user_id_and_costs_no_query(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_num_queries(0):
        assert subject_for(Client("id", "App", "web", "none"), USER) == USER


def test_8_1_a_pairwise_sub_is_stable_in_a_sector_and_different_in_another() -> None:
    assert subject_for(A, USER) == subject_for(A, USER)
    assert subject_for(A, USER) != subject_for(B, USER)
    assert subject_for(A, USER) != subject_for(A, OTHER_USER)
    assert USER not in subject_for(A, USER)


def test_8_1_the_sector_is_the_host_of_its_uri_or_of_all_redirect_uris() -> None:
    assert sector_identifier(A) == "a.example"
    assert sector_identifier(A_AND_B) == "a.example"
    assert subject_for(A_AND_B, USER) == subject_for(A, USER)


def test_8_1_several_hosts_without_a_sector_identifier_uri_are_no_sector() -> None:
    with pytest.raises(ValueError, match="unpack"):
        sector_identifier(pairwise("https://a.example/cb", "https://b.example/cb"))


def test_8_1_the_salt_is_kept_encrypted_and_outlives_the_secret_key(settings) -> None:  # type: ignore[no-untyped-def]
    before = subject_for(A, USER)
    [row] = InstallationSecret.objects.all()
    assert row.secret_encrypted.startswith("gAAAA")  # Fernet
    installation_secret.forget()
    old_keys = settings.GATEHOUSE["secret_keys"]
    settings.GATEHOUSE = {**settings.GATEHOUSE, "secret_keys": ("another" * 8, *old_keys)}
    assert subject_for(A, USER) == before


def test_8_1_another_installation_has_other_subs() -> None:
    before = subject_for(A, USER)
    InstallationSecret.objects.all().delete()
    installation_secret.forget()
    assert subject_for(A, USER) != before
