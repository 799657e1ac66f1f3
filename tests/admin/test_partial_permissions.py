"""Staff with some permissions only: each page and button asks for its own. OWASP ASVS 5.0, 8.2."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.people import create_person
from oidc.clients.service import create_client
from oidc.models import (
    Consent,
    FailedRequest,
    InitialAccessToken,
    LogoutNotification,
    OAuthClient,
    SigningKey,
)

PASSWORD = "seven quiet geese"
METADATA = {"redirect_uris": ["https://app.example/cb"]}

Staff = Callable[..., Client]


@pytest.fixture
def staff_with(client: Client, db: None) -> Staff:
    """Signs in a clerk with some permissions."""

    def sign_in(*codenames: str) -> Client:
        clerk, _ = create_person("clerk", password=PASSWORD)
        clerk.is_staff = True
        clerk.save()
        clerk.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        answer = client.post("/accounts/login/", {"login": "clerk", "password": PASSWORD})
        assert answer.status_code == 302
        return client

    return sign_in


@pytest.fixture
def rows(db: None) -> dict[type[Model], Model]:
    """One row of everything in the admin; the person is a superuser."""
    root, _ = create_person("root", password=PASSWORD, is_superuser=True)
    app = create_client("App", "web", metadata=METADATA).client
    made = [
        root,
        app,
        Consent.objects.create(user=root, client_id=app.client_id),
        FailedRequest.objects.create(
            reference="ref-1", at=timezone.now(), endpoint="token", status=400, error="x"
        ),
        InitialAccessToken.objects.create(
            name="Ann", token_sha256="0" * 64, expires_at=timezone.now() + timedelta(days=1)
        ),
        LogoutNotification.objects.create(client_id=app.client_id, user_id="u", sid="s"),
        SigningKey.objects.all()[0],
    ]
    return {type(row): row for row in made}


def folder(model: type[Model]) -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/"


def pages(model: type[Model], row: Model) -> list[str]:
    own = folder(model)
    return [own, f"{own}add/", *(f"{own}{row.pk}/{page}/" for page in PAGES)]


PAGES = ("change", "delete", "history")


def test_every_model_of_the_admin_is_looked_at(rows: dict[type[Model], Model]) -> None:
    assert set(rows) == set(admin.site._registry)


def test_without_permissions_every_page_is_refused(
    rows: dict[type[Model], Model], staff_with: Staff
) -> None:
    browser = staff_with()
    for model, row in rows.items():
        for url in pages(model, row):
            assert browser.get(url).status_code == 403, url


def test_who_may_look_changes_nothing(rows: dict[type[Model], Model], staff_with: Staff) -> None:
    browser = staff_with(*(f"view_{model._meta.model_name}" for model in rows))
    for model, row in rows.items():
        own = folder(model)
        for url in (own, f"{own}{row.pk}/change/", f"{own}{row.pk}/history/"):
            assert browser.get(url).status_code == 200, url
        for url in (f"{own}add/", f"{own}{row.pk}/change/", f"{own}{row.pk}/delete/"):
            assert browser.post(url, {"post": "yes"}).status_code == 403, url
        selected = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
        browser.post(own, selected)
        assert model._default_manager.filter(pk=row.pk).exists(), own


def test_a_clients_buttons_ask_for_the_change_permission(
    rows: dict[type[Model], Model], staff_with: Staff
) -> None:
    app = rows[OAuthClient]
    browser = staff_with("view_oauthclient", "add_oauthclient", "delete_oauthclient")
    for button in ("rotate-secret", "disable", "enable"):
        url = f"{folder(OAuthClient)}{app.pk}/{button}/"
        assert browser.post(url, {"overlap_seconds": "0"}).status_code == 403, button
    shown = browser.get(f"{folder(OAuthClient)}{app.pk}/change/").content.decode()
    assert "rotate-secret" not in shown
    assert "/disable/" not in shown
    app.refresh_from_db()
    assert app.is_active  # type: ignore[attr-defined]
    assert len(app.client_secrets) == 1  # type: ignore[attr-defined]


def test_a_client_that_signs_superusers_out_is_a_superusers_matter(
    rows: dict[type[Model], Model], staff_with: Staff, settings: Any
) -> None:
    """Whoever has its secret may revoke everybody's tokens, so nobody less makes a new one."""
    app = rows[OAuthClient]
    assert isinstance(app, OAuthClient)
    powerful = {"global_token_revocation_clients": (app.client_id,)}
    settings.GATEHOUSE = {**settings.GATEHOUSE, **powerful}
    before = list(app.client_secrets)
    clerk = staff_with("change_oauthclient", "view_oauthclient")
    page = f"/admin/oidc/oauthclient/{app.pk}"
    for button in ("rotate-secret", "disable"):
        assert clerk.post(f"{page}/{button}/", {"overlap_seconds": "0"}).status_code == 403
    assert clerk.post(f"{page}/change/", {"client_name": "Mine"}).status_code == 403
    app.refresh_from_db()
    assert app.client_secrets == before
    assert app.is_active


def test_who_may_change_clients_deletes_none(
    rows: dict[type[Model], Model], staff_with: Staff
) -> None:
    app = rows[OAuthClient]
    browser = staff_with("change_oauthclient")
    own = folder(OAuthClient)
    assert browser.post(f"{own}{app.pk}/delete/", {"post": "yes"}).status_code == 403
    assert browser.post(f"{own}add/", {"client_name": "New"}).status_code == 403
    selected = {"action": "delete_selected", "_selected_action": [str(app.pk)], "post": "yes"}
    browser.post(own, selected)
    assert OAuthClient.objects.filter(pk=app.pk).exists()


def test_no_permission_about_tokens_or_keys_deletes_them(
    rows: dict[type[Model], Model], staff_with: Staff
) -> None:
    kept = (InitialAccessToken, SigningKey, FailedRequest, LogoutNotification)
    names = [model._meta.model_name for model in kept]
    browser = staff_with(*(f"{do}_{name}" for do in ("view", "change", "delete") for name in names))
    for model in kept:
        url = f"{folder(model)}{rows[model].pk}/delete/"
        assert browser.post(url, {"post": "yes"}).status_code == 403, url
        assert model.objects.filter(pk=rows[model].pk).exists()  # type: ignore[attr-defined]


def test_consents_of_a_superuser_are_a_superusers_matter(
    rows: dict[type[Model], Model], staff_with: Staff
) -> None:
    of_root = rows[Consent]
    alice, _ = create_person("alice", password=PASSWORD)
    of_alice = Consent.objects.create(user=alice, client_id="app")
    browser = staff_with("view_consent", "delete_consent")
    own = folder(Consent)
    selected = {"action": "delete_selected", "post": "yes"}
    both = [str(of_root.pk), str(of_alice.pk)]
    assert browser.post(f"{own}{of_root.pk}/delete/", {"post": "yes"}).status_code == 403
    assert browser.post(own, {**selected, "_selected_action": both}).status_code == 403
    assert Consent.objects.count() == 2
    browser.post(own, {**selected, "_selected_action": [str(of_alice.pk)]})
    assert list(Consent.objects.all()) == [of_root]


@pytest.mark.parametrize(
    ("model", "lookup"),
    [
        (OAuthClient, "client_secrets__icontains"),
        (OAuthClient, "symmetric_secret_encrypted__startswith"),
        (InitialAccessToken, "token_sha256__startswith"),
        (SigningKey, "private_key_encrypted__startswith"),
        (Consent, "user__password__startswith"),
        (User, "password__startswith"),
    ],
)
def test_no_filter_spells_a_secret_out(
    rows: dict[type[Model], Model], staff_with: Staff, model: type[Model], lookup: str
) -> None:
    browser = staff_with(f"view_{model._meta.model_name}")
    assert browser.get(f"{folder(model)}?{lookup}=a").status_code == 400
