"""Initial access tokens in the admin, and where a client came from."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from oidc.models import InitialAccessToken
from oidc.registration.initial_access_tokens import find_initial_access_token
from oidc.registration.registrations import register_client
from tests.admin.client_pages import ClientPages, errors_at, text_of

LIST = "/admin/oidc/initialaccesstoken/"
ENTRIES = {"name": "Partner", "most_uses": "3", "days": "30", "scope": "reports.read"}


def make(staff: Client, **entries: str) -> Any:
    return staff.post(f"{LIST}add/", {**ENTRIES, **entries})


def token_of(answer: Any) -> str:
    shown = re.search(r"Initial access token</dt><dd><code[^>]*>([^<]+)<", text_of(answer))
    assert shown, "no token on this page"
    return shown[1]


def test_a_token_is_shown_in_the_answer_and_on_no_later_page(staff: Client) -> None:
    answer = make(staff)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    token = token_of(answer)
    row = find_initial_access_token(token)
    assert (row.name, row.most_uses, row.scope) == ("Partner", 3, "reports.read")
    for path in (LIST, f"{LIST}{row.pk}/change/", f"{LIST}{row.pk}/history/", "/admin/"):
        page = staff.get(path)
        assert page.status_code == 200
        assert token not in text_of(page)
        assert row.token_sha256 not in text_of(page)


@pytest.mark.parametrize(
    ("field", "entry"), [("most_uses", "0"), ("days", "5"), ("scope", 'a"b'), ("name", "")]
)
def test_mistakes_are_shown_at_their_field(staff: Client, field: str, entry: str) -> None:
    assert errors_at(make(staff, **{field: entry}), field)
    assert not InitialAccessToken.objects.exists()


def test_a_token_can_be_revoked_and_nothing_else(staff: Client) -> None:
    make(staff)
    row = InitialAccessToken.objects.get()
    answer = staff.post(
        f"{LIST}{row.pk}/change/", {"revoked": "on", "name": "Other", "most_uses": "9"}
    )
    assert answer.status_code == 302
    row.refresh_from_db()
    assert (row.revoked, row.name, row.most_uses) == (True, "Partner", 3)
    assert staff.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_staff_without_the_permission_make_none(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("clerk", "c@example.org", "x", is_staff=True))
    assert make(client).status_code == 403


def test_a_client_shows_where_it_came_from(pages: ClientPages) -> None:
    token = find_initial_access_token(token_of(make(pages.browser)))
    by_token = register_client({"redirect_uris": ["https://app.example/cb"]}, token, "192.0.2.7")
    openly = register_client({"redirect_uris": ["https://app.example/cb"]}, None, "192.0.2.8")
    page = text_of(pages.open(by_token.client))
    assert "initial access token: Partner" in page
    assert "from 192.0.2.7" in page
    assert "open registration, without a token" in text_of(pages.open(openly.client))
    assert "made in the admin" in text_of(pages.open(pages.made()))
