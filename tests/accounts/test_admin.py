"""People in the admin."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import Client

from accounts.models import User
from accounts.people import create_person

from .conftest import PASSWORD

USERS = "/admin/accounts/user/"


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    create_person("root", password=PASSWORD, is_superuser=True)
    client.post("/accounts/login/", {"login": "root", "password": PASSWORD})
    return client


def form_of(client: Client, url: str) -> dict[str, object]:
    initial = client.get(url).context["adminform"].form
    values = {name: initial[name].value() for name in initial.fields}
    return {
        name: value for name, value in values.items() if value not in (None, False) and value != []
    }


def test_the_log_in_goes_through_the_same_door(client: Client, db: None) -> None:
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith("/accounts/login/?next=%2Fadmin%2F")


def test_others_may_not_enter(signed_in: Client) -> None:
    assert signed_in.get("/admin/login/").status_code == 403
    assert signed_in.get(USERS, follow=True).status_code == 403


def test_a_person_is_created_with_a_verified_address(admin: Client) -> None:
    response = admin.post(
        f"{USERS}add/",
        {
            "username": "bob",
            "email": "Bob@Example.org",
            "email_verified": "on",
            "usable_password": "true",
            "password1": PASSWORD,
            "password2": PASSWORD,
        },
    )
    assert response.status_code == 302, response.context["errors"]
    user = User.objects.get(username="bob")
    assert (user.email, user.email_verified) == ("bob@example.org", True)
    assert EmailAddress.objects.get(user=user).verified


def test_claims_are_edited_and_checked(admin: Client, alice: User) -> None:
    url = f"{USERS}{alice.pk}/change/"
    form = form_of(admin, url)
    assert form["username"] == "alice"

    page = admin.post(url, {**form, "birthdate": "tomorrow", "website": "http://example.org"})
    assert {"birthdate", "website"} <= set(page.context["adminform"].form.errors)

    response = admin.post(url, {**form, "birthdate": "1990-04-01", "address_country": "GB"})
    assert response.status_code == 302
    alice.refresh_from_db()
    assert (alice.birthdate, alice.address_country) == ("1990-04-01", "GB")
    assert alice.email_verified


def test_vouching_for_an_address_verifies_it(admin: Client, db: None) -> None:
    user, _ = create_person("bob", "bob@example.org")
    url = f"{USERS}{user.pk}/change/"
    admin.post(url, {**form_of(admin, url), "email_verified": "on"})
    user.refresh_from_db()
    assert user.email_verified
    assert EmailAddress.objects.get(user=user).verified


def test_a_new_address_is_as_verified_as_the_form_says(admin: Client, alice: User) -> None:
    url = f"{USERS}{alice.pk}/change/"
    form = form_of(admin, url)
    del form["email_verified"]
    admin.post(url, {**form, "email": "new@example.org"})
    alice.refresh_from_db()
    assert (alice.email, alice.email_verified) == ("new@example.org", False)
    assert [address.email for address in EmailAddress.objects.filter(user=alice)] == [
        "new@example.org"
    ]


def test_switching_somebody_off_signs_them_out(
    admin: Client, alice: User, signed_out: list[str]
) -> None:
    url = f"{USERS}{alice.pk}/change/"
    form = form_of(admin, url)
    del form["is_active"]
    admin.post(url, form)
    assert str(alice.pk) in signed_out


def test_sign_out_everywhere(admin: Client, alice: User, signed_out: list[str]) -> None:
    response = admin.post(
        USERS,
        {"action": "sign_out_everywhere", ACTION_CHECKBOX_NAME: [str(alice.pk)]},
        follow=True,
    )
    assert "Signed out everywhere: alice." in response.content.decode()
    assert signed_out == [str(alice.pk)]


def test_the_hash_of_a_password_is_not_shown(admin: Client, alice: User) -> None:
    page = admin.get(f"{USERS}{alice.pk}/change/").content.decode()
    assert alice.password not in page
    assert alice.password.rpartition("$")[2] not in page
