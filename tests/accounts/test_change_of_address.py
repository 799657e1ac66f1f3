"""A new e-mail address takes the account over, so a forgotten session must not be enough for it,
and an address is nobody's until the person who asked for it has opened its link.

Spec: OWASP ASVS 5.0 section 7.5 (re-authentication before sensitive changes).
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable

import pytest
import time_machine
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.conf import LazySettings
from django.core import mail
from django.core.management import call_command
from django.db import IntegrityError
from django.test import Client

from accounts.emails import set_email
from accounts.models import PendingAddress, User
from accounts.people import create_person
from accounts.signals import sign_out_everywhere

from .conftest import PASSWORD

NEW = "alice@elsewhere.example"
OLD = "alice@example.org"


def ask_for(client: Client, email: str) -> str:
    """Ask for a new address; return where that leads."""
    answer = client.post("/accounts/email/", {"action_add": "", "email": email})
    assert answer.status_code == 302
    return str(answer["Location"])


def change_to(client: Client, email: str) -> str:
    """Ask for a new address with the password; return the path of the link in the mail there."""
    path = ask_for(client, email)
    if path.startswith("/accounts/reauthenticate/"):
        client.post(path, {"password": PASSWORD})
    return link_for(email)


def link_for(email: str) -> str:
    [*_, message] = [message for message in mail.outbox if message.to == [email]]
    match = re.search(r"https?://[^/]+(/\S+)", message.body)
    assert match is not None
    return match[1]


def address_of(user: User) -> tuple[str, bool]:
    user.refresh_from_db()
    return user.email, user.email_verified


def mails_to(email: str) -> list[str]:
    return [message.subject for message in mail.outbox if message.to == [email]]


def test_the_password_is_asked_for_once_more(client: Client, alice: User) -> None:
    client.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    path = ask_for(client, NEW)
    assert path.startswith("/accounts/reauthenticate/")
    assert client.post(path, {"password": "not the password"}).status_code == 200
    assert mail.outbox == []
    assert client.post(path, {"password": PASSWORD}).status_code == 302
    assert mail.outbox[-1].to == [NEW]


def test_that_holds_for_five_minutes(client: Client, alice: User) -> None:
    client.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    client.post(ask_for(client, NEW), {"password": PASSWORD})
    assert ask_for(client, "another@elsewhere.example") == "/accounts/email/"
    with time_machine.travel(time.time() + 301):
        assert ask_for(client, "third@elsewhere.example").startswith("/accounts/reauthenticate/")


def test_the_whole_way(signed_in: Client, alice: User) -> None:
    link = change_to(signed_in, NEW)
    assert address_of(alice) == (OLD, True), "the present one stays until then"
    assert NEW in signed_in.get("/accounts/email/").content.decode()
    assert NEW in signed_in.get(link).content.decode()
    assert address_of(alice) == (OLD, True), "mail programs open links by themselves"

    assert signed_in.post(link)["Location"] == "/accounts/"
    assert address_of(alice) == (NEW, True)
    assert list(EmailAddress.objects.values_list("email", "verified")) == [(NEW, True)]
    assert "does not work any more" in signed_in.get(link).content.decode()


def test_the_old_address_is_told_when_it_is_asked_for_and_when_it_is_done(
    signed_in: Client, alice: User
) -> None:
    link = change_to(signed_in, NEW)
    assert len(mails_to(OLD)) == 1
    assert NEW in mail.outbox[-2].body
    signed_in.post(link)
    assert len(mails_to(OLD)) == 2
    assert NEW in mail.outbox[-1].body


def test_an_unconfirmed_present_address_stays_too(client: Client, db: None) -> None:
    user, _ = create_person("bob", "bob@example.org", password=PASSWORD)
    client.post("/accounts/login/", {"login": "bob", "password": PASSWORD})
    link = change_to(client, "bob@elsewhere.example")
    assert address_of(user) == ("bob@example.org", False)
    client.post(link)
    assert address_of(user) == ("bob@elsewhere.example", True)


def test_an_unconfirmed_present_address_gets_its_link_again(client: Client, db: None) -> None:
    user, _ = create_person("bob", "bob@example.org", password=PASSWORD)
    client.post("/accounts/login/", {"login": "bob", "password": PASSWORD})
    client.post("/accounts/email/", {"action_send": ""})
    client.post(link_for("bob@example.org"))
    assert address_of(user) == ("bob@example.org", True)


class TestUntilItsLinkIsOpened:
    """The address is nobody's."""

    @pytest.fixture(autouse=True)
    def link(self, signed_in: Client) -> str:
        return change_to(signed_in, NEW)

    def test_no_reset_is_mailed_there(self, signed_in: Client) -> None:
        before = len(mails_to(NEW))
        Client().post("/accounts/password/reset/", {"email": NEW})
        assert len(mails_to(NEW)) == before

    def test_a_reset_is_still_mailed_to_the_present_one(self, signed_in: Client) -> None:
        before = len(mails_to(OLD))
        Client().post("/accounts/password/reset/", {"email": OLD})
        assert len(mails_to(OLD)) == before + 1

    def test_nobody_signs_in_with_it(self, signed_in: Client) -> None:
        answer = Client().post("/accounts/login/", {"login": NEW, "password": PASSWORD})
        assert answer.status_code == 200
        answer = Client().post("/accounts/login/", {"login": OLD, "password": PASSWORD})
        assert answer.status_code == 302

    def test_somebody_else_may_sign_up_with_it(
        self, signed_in: Client, alice: User, settings: LazySettings, link: str
    ) -> None:
        settings.SIGN_UP_OPEN = True
        form = {"username": "carol", "email": NEW, "password1": PASSWORD, "password2": PASSWORD}
        assert Client().post("/accounts/signup/", form).status_code == 302
        assert User.objects.get(username="carol").email == NEW

        page = signed_in.post(link, follow=True).content.decode()
        assert "has this e-mail address already" in page
        assert address_of(alice) == (OLD, True)
        assert not PendingAddress.objects.filter(user=alice).exists()

    def test_somebody_else_may_change_to_it(self, signed_in: Client, alice: User) -> None:
        bob, _ = create_person("bob", "bob@example.org", password=PASSWORD)
        browser = Client()
        browser.post("/accounts/login/", {"login": "bob", "password": PASSWORD})
        browser.post(change_to(browser, NEW))
        assert address_of(bob) == (NEW, True)

    def test_an_admin_may_give_it_to_somebody_else(self, signed_in: Client) -> None:
        bob, _ = create_person("bob", "bob@example.org")
        set_email(bob, NEW, verified=True)
        assert address_of(bob) == (NEW, True)

    def test_somebody_who_is_not_signed_in_cannot_open_it(
        self, signed_in: Client, alice: User, link: str
    ) -> None:
        answer = Client().post(link)
        assert answer["Location"].startswith("/accounts/login/?next=/accounts/confirm-email/")
        assert address_of(alice) == (OLD, True)

    def test_somebody_else_cannot_open_it(self, signed_in: Client, alice: User, link: str) -> None:
        bob, _ = create_person("bob", "bob@example.org", password=PASSWORD)
        browser = Client()
        browser.post("/accounts/login/", {"login": "bob", "password": PASSWORD})
        assert "does not work any more" in browser.get(link).content.decode()
        assert "does not work any more" in browser.post(link).content.decode()
        assert browser.get("/accounts/").status_code == 200, "they stay signed in"
        assert (address_of(alice), address_of(bob)) == ((OLD, True), ("bob@example.org", False))

    def test_the_person_may_keep_the_old_one(
        self, signed_in: Client, alice: User, link: str
    ) -> None:
        signed_in.post("/accounts/email/", {"action_remove": ""})
        signed_in.post(link)
        assert address_of(alice) == (OLD, True)

    def test_only_the_latest_link_counts(self, signed_in: Client, alice: User, link: str) -> None:
        signed_in.post("/accounts/email/", {"action_send": ""})
        assert "does not work any more" in signed_in.post(link).content.decode()
        signed_in.post(link_for(NEW))
        assert address_of(alice) == (NEW, True)

    def test_it_is_open_for_three_days(self, signed_in: Client, alice: User, link: str) -> None:
        with time_machine.travel(time.time() + 3 * 24 * 3600 + 1):
            assert "does not work any more" in signed_in.post(link).content.decode()
        assert address_of(alice) == (OLD, True)

    @pytest.mark.parametrize(
        "end",
        [
            pytest.param(lambda alice: sign_out_everywhere(str(alice.pk)), id="self and admin"),
            pytest.param(lambda alice: call_command("user", "revoke", "alice"), id="command"),
            pytest.param(lambda alice: new_password(alice), id="new password"),
            pytest.param(lambda alice: set_email(alice, OLD, verified=True), id="admin's address"),
        ],
    )
    def test_what_ends_it(
        self, signed_in: Client, alice: User, link: str, end: Callable[[User], object]
    ) -> None:
        end(alice)
        signed_in.force_login(alice)
        assert "does not work any more" in signed_in.post(link).content.decode()
        assert address_of(alice) == (OLD, True)

    def test_the_record_does_not_open_it(self, signed_in: Client, link: str) -> None:
        key = link.removesuffix("/").rpartition("/")[2]
        assert key not in str(PendingAddress.objects.values().get())


def new_password(user: User) -> None:
    user.set_password("eleven loud gulls")
    user.save()


def test_a_link_of_allauth_moves_no_account(signed_in: Client, alice: User) -> None:
    """A copy of the mailed link is not enough: whoever asked has to be signed in."""
    left_over = EmailAddress.objects.create(user=alice, email=NEW)
    key = EmailConfirmationHMAC(left_over).key
    signed_in.post(f"/accounts/confirm-email/{key}/")
    assert address_of(alice) == (OLD, True)


def test_a_row_that_an_older_version_left_signs_nobody_in(client: Client, alice: User) -> None:
    EmailAddress.objects.create(user=alice, email=NEW)
    answer = client.post("/accounts/login/", {"login": NEW, "password": PASSWORD})
    assert answer.status_code == 200
    client.post("/accounts/password/reset/", {"email": NEW})
    assert mail.outbox == []


def test_an_address_that_was_left_over_with_somebody_else_can_be_confirmed(
    signed_in: Client, alice: User
) -> None:
    bob, _ = create_person("bob", "bob@example.org")
    EmailAddress.objects.create(user=bob, email=NEW, verified=True)
    signed_in.post(change_to(signed_in, NEW))
    assert address_of(alice) == (NEW, True)


def test_the_form_tells_nobody_that_an_address_is_taken(signed_in: Client, alice: User) -> None:
    create_person("bob", "bob@example.org")
    link = change_to(signed_in, "bob@example.org")
    assert "has this e-mail address already" in signed_in.post(link, follow=True).content.decode()
    assert address_of(alice) == (OLD, True)


def test_mails_to_a_stranger_have_a_daily_bound(
    signed_in: Client, alice: User, settings: LazySettings
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"manage_email": "100/m/user"}
    stranger = f"{uuid.uuid4().hex}@elsewhere.example"
    change_to(signed_in, stranger)
    for _ in range(12):
        signed_in.post("/accounts/email/", {"action_send": ""})
    assert len(mails_to(stranger)) == 10
    answer = signed_in.post("/accounts/email/", {"action_add": "", "email": "x@y.example"})
    assert 'aria-invalid="true"' in answer.content.decode()


def test_two_people_cannot_have_one_address(alice: User) -> None:
    with pytest.raises(IntegrityError):
        User.objects.bulk_create([User(username="x", email=OLD)])
