"""Every page keeps to the policy: nothing inline, nothing from outside."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from allauth.account.forms import LoginForm
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.test import Client, RequestFactory

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted(
    path
    for folder in ("accounts/templates", "oidc/templates")
    for path in (ROOT / folder).rglob("*.html")
)
INLINE = re.compile(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_inline_style_or_script(path: Path) -> None:
    assert INLINE.search(path.read_text()) is None


@pytest.mark.parametrize("name", ["gatehouse.css", "admin.css", "logo.svg"])
def test_nothing_comes_from_outside(name: str) -> None:
    found = finders.find(f"gatehouse/{name}")
    assert isinstance(found, str)
    text = Path(found).read_text().replace("http://www.w3.org/2000/svg", "")
    assert "//" not in text
    assert "@import" not in text
    assert "url(" not in text


@pytest.mark.parametrize(
    "name",
    ["403.html", "404.html", "429.html"],
)
def test_error_pages_need_no_context(name: str) -> None:
    page = render_to_string(name)
    assert "<h1>" in page
    assert "Reference" not in page
    assert "Reference" in render_to_string(name, {"reference": "abc"})


def test_names_of_apps_and_people_are_escaped() -> None:
    hostile = '"><script>alert(1)</script>'
    client = {"client_name": hostile, "logo_address": hostile, "policy_uri": hostile, "tos_uri": ""}
    person = {"username": hostile, "email": hostile, "get_short_name": hostile}
    scopes = [("profile", hostile)]
    for name in ("oidc/consent.html", "oidc/select_account.html", "oidc/error.html"):
        page = render_to_string(
            name,
            {"client": client, "person": person, "scopes": scopes, "title": hostile, "message": ""},
        )
        assert "<script" not in page
        assert 'src="">' not in page


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/password/reset/",
        "/accounts/password/reset/done/",
        "/accounts/password/reset/key/done/",
        "/accounts/signed-out/",
        "/accounts/inactive/",
        "/accounts/confirm-email/",
    ],
)
def test_pages_for_strangers(client: Client, db: None, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    page = response.content.decode()
    assert page.count("<h1>") == 1
    assert '<meta name="viewport"' in page
    assert "gatehouse.css" in page
    assert INLINE.search(page) is None
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/",
        "/accounts/logout/",
        "/accounts/reauthenticate/",
        "/accounts/password/change/",
        "/accounts/email/",
    ],
)
def test_pages_for_the_signed_in(signed_in: Client, path: str) -> None:
    response = signed_in.get(path)
    assert response.status_code == 200
    page = response.content.decode()
    assert page.count("<h1>") == 1
    assert INLINE.search(page) is None


def test_each_input_has_a_label(signed_in: Client) -> None:
    for path in ("/accounts/password/change/", "/accounts/email/", "/accounts/reauthenticate/"):
        page = signed_in.get(path).content.decode()
        visible = re.findall(r'<input id="([^"]+)"', page)
        assert visible
        for identifier in visible:
            assert f'<label for="{identifier}">' in page


def test_a_sign_in_that_an_app_waits_for_names_it_and_can_be_cancelled() -> None:
    client = {"client_name": "Notes", "logo_address": "/logos/abc"}
    for name in ("account/login.html", "account/signup.html", "account/reauthenticate.html"):
        page = render_to_string(
            name,
            {"client": client, "redirect_field_value": "/interaction/abc"},
            RequestFactory().get("/"),
        )
        assert "Notes" in page
        assert '>N<img src="/logos/abc" alt="">' in page, "over the letter"
        assert 'action="/interaction/abc"' in page
        assert 'name="decision" value="deny"' in page


def test_a_sign_in_of_ones_own_has_nothing_to_cancel(client: Client, db: None) -> None:
    assert "decision" not in client.get("/accounts/login/?next=/admin/").content.decode()


def test_a_login_hint_is_filled_in() -> None:
    page = render_to_string(
        "account/login.html",
        {"login_hint": "alice@example.org", "form": LoginForm()},
        RequestFactory().get("/"),
    )
    assert 'value="alice@example.org"' in page
