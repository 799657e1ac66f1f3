"""A forgotten password, and a changed one."""

from __future__ import annotations

import re

import pytest
from django.conf import LazySettings
from django.core import mail
from django.test import Client

from accounts.models import User

from .conftest import PASSWORD

NEW_PASSWORD = "eleven loud gulls"


def ask(client: Client, email: str, **extra: str) -> object:
    return client.post("/accounts/password/reset/", {"email": email}, **extra)


def link_in_mail() -> str:
    match = re.search(r"https?://\S+", mail.outbox[-1].body)
    assert match is not None
    return match[0]


def test_the_whole_way(client: Client, alice: User, settings: LazySettings) -> None:
    assert ask(client, "Alice@example.org")["Location"] == "/accounts/password/reset/done/"
    assert client.get("/accounts/password/reset/done/").status_code == 200
    assert mail.outbox[0].to == ["alice@example.org"]
    link = link_in_mail()
    assert link.startswith(f"{settings.ISSUER}/accounts/password/reset/key/")

    path = link.removeprefix(settings.ISSUER)
    form = client.get(path)
    assert form.status_code == 302, "the key must leave the address bar"
    assert form["Location"] not in path
    page = client.get(form["Location"])
    assert 'autocomplete="new-password"' in page.content.decode()

    answer = client.post(form["Location"], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert answer["Location"] == "/accounts/password/reset/key/done/"
    assert "is changed" in client.get(answer["Location"]).content.decode()
    alice.refresh_from_db()
    assert alice.check_password(NEW_PASSWORD)

    again = Client().get(path)
    assert "does not work any more" in again.content.decode()


def test_it_signs_the_person_out_everywhere(
    client: Client, alice: User, signed_out: list[str]
) -> None:
    ask(client, "alice@example.org")
    path = "/" + link_in_mail().split("/", 3)[3]
    form = client.get(path)["Location"]
    client.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert str(alice.pk) in signed_out


def test_an_unknown_address_gets_the_same_answer_and_no_mail(client: Client, db: None) -> None:
    assert ask(client, "nobody@example.org")["Location"] == "/accounts/password/reset/done/"
    assert mail.outbox == []


def test_the_link_does_not_follow_the_host_header(
    client: Client, alice: User, settings: LazySettings
) -> None:
    settings.ALLOWED_HOSTS = ["evil.example", "testserver", "localhost"]
    ask(client, "alice@example.org", headers={"host": "evil.example"})
    assert "evil.example" not in mail.outbox[0].body + mail.outbox[0].subject
    assert link_in_mail().startswith(settings.ISSUER)


def test_a_weak_password_is_refused(client: Client, alice: User) -> None:
    ask(client, "alice@example.org")
    form = client.get("/" + link_in_mail().split("/", 3)[3])["Location"]
    page = client.post(form, {"password1": "password", "password2": "password"})
    assert page.status_code == 200
    assert 'aria-invalid="true"' in page.content.decode()
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_a_link_made_up_shows_a_page(client: Client, db: None) -> None:
    page = client.get("/accounts/password/reset/key/abc-def-0123456789/")
    assert page.status_code == 200
    assert "does not work any more" in page.content.decode()


def test_changing_it_signs_this_browser_out_too(
    signed_in: Client, alice: User, signed_out: list[str]
) -> None:
    response = signed_in.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
    )
    assert response["Location"] == "/accounts/"
    assert str(alice.pk) in signed_out
    assert signed_in.get("/accounts/")["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("old", ["", "wrong"])
def test_changing_it_needs_the_old_one(signed_in: Client, alice: User, old: str) -> None:
    response = signed_in.post(
        "/accounts/password/change/",
        {"oldpassword": old, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
    )
    assert response.status_code == 200
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
