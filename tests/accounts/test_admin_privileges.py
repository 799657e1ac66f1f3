"""Who may change people in the admin does not thereby become its master. OWASP ASVS 5.0, 8.2."""

from __future__ import annotations

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from accounts.people import create_person

from .conftest import PASSWORD

USERS = "/admin/accounts/user/"


@pytest.fixture
def clerk(db: None) -> User:
    """Somebody of the help desk: changes and deletes people, and nothing else."""
    user, _ = create_person("clerk", password=PASSWORD)
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.filter(content_type__model="user"))
    return user


@pytest.fixture
def help_desk(client: Client, clerk: User) -> Client:
    client.post("/accounts/login/", {"login": "clerk", "password": PASSWORD})
    return client


@pytest.fixture
def root(db: None) -> User:
    return create_person("root", password=PASSWORD, is_superuser=True)[0]


def test_the_help_desk_changes_people_but_gives_no_privileges(
    help_desk: Client, alice: User
) -> None:
    url = f"{USERS}{alice.pk}/change/"
    form = help_desk.get(url).context["adminform"].form
    values = {name: form[name].value() for name in form.fields if form[name].value()}
    entered = values | {"nickname": "Ali", "is_staff": "on", "is_superuser": "on"}
    assert help_desk.post(url, entered).status_code == 302
    alice.refresh_from_db()
    assert alice.nickname == "Ali"
    assert (alice.is_staff, alice.is_superuser) == (False, False)


def test_the_help_desk_touches_nobody_who_may_use_the_admin(
    help_desk: Client, clerk: User, root: User
) -> None:
    for person in (root, clerk):
        before = person.password
        new = {"password1": "twelve tall trees", "password2": "twelve tall trees"}
        answer = help_desk.post(f"{USERS}{person.pk}/password/", new)
        assert answer.status_code == 403
        assert help_desk.post(f"{USERS}{person.pk}/change/", {"username": "x"}).status_code == 403
        assert help_desk.post(f"{USERS}{person.pk}/delete/", {"post": "yes"}).status_code == 403
        person.refresh_from_db()
        assert person.password == before


def test_who_may_only_look_cannot_sign_people_out(
    help_desk: Client, clerk: User, alice: User, signed_out: list[str]
) -> None:
    clerk.user_permissions.set(Permission.objects.filter(codename="view_user"))
    chosen = {"action": "sign_out_everywhere", ACTION_CHECKBOX_NAME: [str(alice.pk)]}
    help_desk.post(USERS, chosen)
    assert signed_out == []


def test_the_help_desk_signs_out_nobody_who_may_use_the_admin(
    help_desk: Client, clerk: User, root: User, alice: User, signed_out: list[str]
) -> None:
    chosen = [str(person.pk) for person in (root, clerk, alice)]
    answer = help_desk.post(
        USERS, {"action": "sign_out_everywhere", ACTION_CHECKBOX_NAME: chosen}, follow=True
    )
    assert set(signed_out) == {str(alice.pk)}
    told = [str(message) for message in answer.context["messages"]]
    assert told[0] == "Signed out everywhere: alice."
    assert told[1].startswith("Not signed out: clerk, root.")


def test_a_superuser_signs_out_anybody(
    client: Client, root: User, clerk: User, signed_out: list[str]
) -> None:
    client.post("/accounts/login/", {"login": "root", "password": PASSWORD})
    chosen = {"action": "sign_out_everywhere", ACTION_CHECKBOX_NAME: [str(clerk.pk)]}
    client.post(USERS, chosen)
    assert str(clerk.pk) in signed_out


def test_the_help_desk_deletes_nobody_who_may_use_the_admin_from_the_list(
    help_desk: Client, clerk: User, root: User, alice: User
) -> None:
    chosen = {"action": "delete_selected", "post": "yes"}
    for people in ((root, alice), (clerk,)):
        pks = [str(person.pk) for person in people]
        answer = help_desk.post(USERS, {**chosen, ACTION_CHECKBOX_NAME: pks})
        assert answer.status_code == 403
    assert User.objects.count() == 3


@pytest.mark.parametrize("privilege", ["is_staff", "is_superuser"])
def test_either_privilege_keeps_the_help_desk_away(
    help_desk: Client, alice: User, privilege: str
) -> None:
    User.objects.filter(pk=alice.pk).update(**{privilege: True})
    assert help_desk.post(f"{USERS}{alice.pk}/delete/", {"post": "yes"}).status_code == 403
    assert help_desk.post(f"{USERS}{alice.pk}/change/", {"username": "x"}).status_code == 403
    assert help_desk.get(f"{USERS}{alice.pk}/password/").status_code == 403


def test_no_password_hash_is_spelled_out_by_a_filter(help_desk: Client, root: User) -> None:
    answer = help_desk.get(f"{USERS}?password__startswith={root.password[:1]}")
    assert answer.status_code == 400


def test_superusers_give_privileges(client: Client, root: User, alice: User) -> None:
    client.post("/accounts/login/", {"login": "root", "password": PASSWORD})
    form = client.get(f"{USERS}{alice.pk}/change/").context["adminform"].form
    assert {"is_staff", "is_superuser", "user_permissions"} <= set(form.fields)
