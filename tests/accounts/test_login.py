"""The log-in page, as a browser without JavaScript uses it."""

from __future__ import annotations

import json
import time

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.authentication import ACR_PASSWORD, authentication_context
from accounts.models import User

from .conftest import PASSWORD

LOGIN = "/accounts/login/"


def post(client: Client, login: str, password: str, **more: str) -> object:
    return client.post(LOGIN, {"login": login, "password": password, **more})


@pytest.mark.parametrize("login", ["alice", "ALICE", "alice@example.org", "Alice@Example.org"])
def test_by_username_or_email_in_any_case(client: Client, alice: User, login: str) -> None:
    response = post(client, login, PASSWORD)
    assert (response.status_code, response["Location"]) == (302, "/accounts/")
    assert client.get("/accounts/").context["person"] == alice


def test_the_page_is_a_plain_form(client: Client, db: None) -> None:
    page = client.get(LOGIN).content.decode()
    for part in (
        'name="login"',
        'name="password"',
        'autocomplete="username"',
        'autocomplete="current-password"',
        'type="submit"',
        "csrfmiddlewaretoken",
    ):
        assert part in page
    assert page.count("<script") == page.count('<script src="/static/'), "none is inline"
    assert "style=" not in page


def test_a_failed_login_tells_nothing_about_accounts(client: Client, alice: User) -> None:
    User.objects.create_user("bob", password=PASSWORD, is_active=False)
    pages = []
    for login in ("alice", "alice@example.org", "nobody", "nobody@example.org", "bob"):
        response = post(client, login, "wrong")
        assert response.status_code == 200
        pages.append(response.context["form"].non_field_errors())
    assert all(errors == pages[0] for errors in pages)
    assert len(pages[0]) == 1


def test_a_failed_login_keeps_the_name_and_marks_the_error(client: Client, alice: User) -> None:
    page = post(client, "alice", "wrong").content.decode()
    assert 'value="alice"' in page
    assert 'role="alert"' in page
    assert "wrong" not in page.replace("went wrong", "")


def test_somebody_switched_off_is_told_so_only_with_the_password(
    client: Client, alice: User
) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    response = post(client, "alice", PASSWORD)
    assert response["Location"] == "/accounts/inactive/"
    assert client.get("/accounts/")["Location"].startswith(LOGIN)


def test_next_leads_on(client: Client, alice: User) -> None:
    page = client.get(LOGIN, {"next": "/interaction/abc"}).content.decode()
    assert '<input type="hidden" name="next" value="/interaction/abc">' in page
    assert post(client, "alice", PASSWORD, next="/interaction/abc")["Location"] == (
        "/interaction/abc"
    )


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "http://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "http:evil.example",
        "http:///evil.example",
        "http://localhost:8000@evil.example/",
        "http://localhost:8000.evil.example/",
        "http://localhost:9999/",
        "javascript:alert(1)",
        "data:text/html,x",
        "/\t/evil.example/",
        " //evil.example/",
        "http://testserver/",
    ],
)
def test_next_never_leads_elsewhere(client: Client, alice: User, elsewhere: str) -> None:
    response = post(client, "alice", PASSWORD, next=elsewhere)
    assert (response.status_code, response["Location"]) == (302, "/accounts/")


def test_next_may_be_a_whole_url_of_the_issuer(
    client: Client, alice: User, settings: LazySettings
) -> None:
    response = post(client, "alice", PASSWORD, next=f"{settings.ISSUER}/admin/")
    assert response["Location"] == f"{settings.ISSUER}/admin/"


def test_the_session_tells_when_and_how(client: Client, alice: User) -> None:
    before = time.time()
    post(client, "alice", PASSWORD)
    context = authentication_context(dict(client.session))
    assert context is not None
    assert context.user_id == str(alice.pk)
    assert before <= context.auth_time <= time.time()
    assert (context.amr, context.acr) == (("pwd",), ACR_PASSWORD)


def test_the_session_id_changes(client: Client, alice: User) -> None:
    client.get(LOGIN)
    client.cookies["gatehouse_session"] = fixed = "0123456789abcdefghijklmnopqrstuv"
    post(client, "alice", PASSWORD)
    assert client.session.session_key not in (None, fixed)


def test_reauthentication_moves_auth_time(signed_in: Client) -> None:
    first = authentication_context(dict(signed_in.session))
    wrong = signed_in.post("/accounts/reauthenticate/", {"password": "wrong"})
    assert wrong.status_code == 200
    assert authentication_context(dict(signed_in.session)) == first

    response = signed_in.post(
        "/accounts/reauthenticate/", {"password": PASSWORD, "next": "/interaction/abc"}
    )
    assert response["Location"] == "/interaction/abc"
    second = authentication_context(dict(signed_in.session))
    assert first is not None
    assert second is not None
    assert second.auth_time > first.auth_time


def test_the_session_holds_no_name(client: Client, alice: User) -> None:
    post(client, "alice@example.org", PASSWORD)
    assert "alice" not in json.dumps(dict(client.session)).lower()


def test_the_session_does_not_grow_with_each_reauthentication(signed_in: Client) -> None:
    for _ in range(3):
        signed_in.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert len(signed_in.session["account_authentication_methods"]) == 1


def test_home_needs_a_login(client: Client, db: None) -> None:
    response = client.get("/accounts/")
    assert (response.status_code, response["Location"]) == (302, f"{LOGIN}?next=/accounts/")


def test_pages_about_a_person_are_not_cached(signed_in: Client) -> None:
    assert "no-store" in signed_in.get("/accounts/")["Cache-Control"]


def test_sign_out_asks_first(signed_in: Client) -> None:
    assert signed_in.get("/accounts/logout/").status_code == 200
    assert signed_in.get("/accounts/").status_code == 200

    response = signed_in.post("/accounts/logout/")
    assert response["Location"] == "/accounts/signed-out/"
    assert "signed out" in signed_in.get("/accounts/signed-out/").content.decode()
    assert signed_in.get("/accounts/").status_code == 302


def test_a_form_without_its_token_is_refused(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    assert post(client, "alice", PASSWORD).status_code == 403


@pytest.mark.parametrize(
    ("vouched", "status"),
    [("same-origin", 302), ("same-site", 403), ("cross-site", 403), ("none", 403), ("", 403)],
)
def test_the_browsers_word_that_a_form_is_ours_is_as_good_as_a_token(
    alice: User, vouched: str, status: int
) -> None:
    client = Client(enforce_csrf_checks=True, headers={"Sec-Fetch-Site": vouched})
    assert post(client, "alice", PASSWORD).status_code == status


def test_forms_send_an_origin_that_the_csrf_check_accepts(client: Client, db: None) -> None:
    """Under `no-referrer` a browser says `Origin: null`, and no form would work."""
    assert client.get(LOGIN)["Referrer-Policy"] == "same-origin"
