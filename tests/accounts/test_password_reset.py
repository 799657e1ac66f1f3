"""A forgotten password, and a changed one."""

from __future__ import annotations

import re
import uuid

import pytest
from django.conf import LazySettings
from django.core import mail
from django.test import Client

from accounts import mail as accounts_mail
from accounts.models import User
from accounts.people import create_person

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
    assert ("That is not your password." in response.content.decode()) is bool(old)
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def reset(email: str, client: Client | None = None) -> Client:
    """Go the whole way with the link that was mailed there."""
    client = client or Client()
    ask(client, email)
    form = client.get("/" + link_in_mail().split("/", 3)[3])["Location"]
    answer = client.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert answer["Location"] == "/accounts/password/reset/key/done/"
    return client


def test_a_mailed_reset_confirms_the_address(db: None) -> None:
    """Whoever opened the link reads the mail that goes there."""
    user, _ = create_person("bob", "bob@example.org")
    reset("bob@example.org")
    user.refresh_from_db()
    assert (user.email, user.email_verified) == ("bob@example.org", True)


def test_the_browser_of_a_reset_may_sign_the_person_in_whatever_strangers_do(
    db: None, settings: LazySettings
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": ""}
    name = f"bob-{uuid.uuid4().hex}"
    create_person(name, f"{name}@example.org")
    client = reset(f"{name}@example.org")
    for _ in range(6):
        Client().post("/accounts/login/", {"login": name, "password": "wrong"})
    for browser, status in ((Client(), 200), (client, 302)):
        form = {"login": name, "password": NEW_PASSWORD}
        assert browser.post("/accounts/login/", form).status_code == status


def test_no_note_of_a_reset_waits_for_a_later_page(alice: User) -> None:
    client = reset("alice@example.org")
    client.get("/accounts/password/reset/key/done/")
    assert "notice" not in client.get("/accounts/login/").content.decode()


def test_the_note_of_a_change_is_on_the_page_that_follows_and_on_no_other(
    signed_in: Client,
) -> None:
    form = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    page = signed_in.post("/accounts/password/change/", form, follow=True)
    assert page.content.decode().count("notice") == 1
    signed_in.post("/accounts/login/", {"login": "alice", "password": NEW_PASSWORD})
    assert "notice" not in signed_in.get("/accounts/").content.decode()


def test_the_person_hears_of_a_new_password(alice: User, signed_in: Client) -> None:
    reset("alice@example.org")
    assert mail.outbox[-1].to == ["alice@example.org"]
    assert "password of your account has changed" in mail.outbox[-1].body


def test_somebody_who_is_switched_off_gets_no_link(alice: User) -> None:
    User.objects.update(is_active=False)
    ask(Client(), "alice@example.org")
    assert mail.outbox == []


def test_a_person_gets_ten_links_a_day_and_nobody_learns_it(
    db: None, settings: LazySettings
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"reset_password": ""}
    email = f"{uuid.uuid4().hex}@example.org"
    create_person("bob", email)
    for _ in range(12):
        assert ask(Client(), email)["Location"] == "/accounts/password/reset/done/"
    assert len(mail.outbox) == 10
    path = "/" + link_in_mail().split("/", 3)[3]
    assert Client().get(path).status_code == 302, "the links that were mailed still work"


def test_the_link_speaks_the_language_of_the_page(alice: User) -> None:
    ask(Client(), "alice@example.org", headers={"accept-language": "de"})
    assert mail.outbox[0].body.startswith("Hallo")


def test_nothing_is_promised_while_too_many_mails_wait(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts_mail, "_waiting", accounts_mail.MOST_WAITING)
    for email in ("alice@example.org", "nobody@example.org"):
        answer = ask(client, email)
        assert (answer.status_code, answer["Retry-After"]) == (503, "60")
        assert "cannot send mail now" in answer.content.decode()
