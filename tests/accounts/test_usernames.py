# ruff: noqa: RUF001, RUF003 - confusing letters are what this is about
"""Nobody's username looks like somebody else's.

Specs: Unicode Technical Report 36 section 2.11.2; Unicode Technical Standard 39 section 5.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from accounts.models import User
from accounts.names import folded, looks_like_another
from accounts.people import create_person, revoke_person

from .conftest import PASSWORD

GOOD = [
    "alice", "Alice", "a.b+c-d_e", "élodie", "Straße", "42", "алиса", "алиса.1", "αλίκη", "أحمد",
    "さくら", "サクラ", "田中さくら", "ラーメン", "王小明", "김민수", "佐々木", "שרה", "aª", "ﬁn",
]  # fmt: skip
BAD = [
    "аlice",  # Cyrillic а
    "alicе",
    "αlice",
    "alice\u0661",  # a digit of Arabic
    "田中alice",
    "さくら김",
    "alice.",
    "..",
    "김\u3164",  # filler
    "\u1160",
    "\ufdfa" * 10,  # 18 characters each
]
SAME = [
    ("ÉLODIE", "élodie"),
    ("ａｌｉｃｅ", "alice"),
    ("ALICE", "alice"),
    ("Strasse", "Straße"),
    ("ﬁn", "fin"),
    ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ("e\u0301lodie", "élodie"),
]


@pytest.mark.parametrize("name", GOOD)
def test_names_of_one_script(name: str) -> None:
    assert not looks_like_another(name)


@pytest.mark.parametrize("name", BAD)
def test_names_that_could_be_mistaken(name: str) -> None:
    assert looks_like_another(name)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_name(db: None, client: Client, one: str, other: str) -> None:
    assert folded(one) == folded(other)
    user = User.objects.create_user(other, password=PASSWORD)
    with pytest.raises(ValidationError):
        create_person(one)
    answer = client.post("/accounts/login/", {"login": one, "password": PASSWORD})
    assert answer.status_code == 302
    assert revoke_person(one) == user
    with pytest.raises(IntegrityError):
        User.objects.bulk_create([User(username=one)])


@pytest.mark.parametrize("name", ["alice", "Alice", "аlice", "ａｌｉｃｅ", "bob."])
def test_nobody_signs_up_as_somebody_else(
    client: Client, settings: LazySettings, alice: User, name: str
) -> None:
    settings.SIGN_UP_OPEN = True
    form = {"username": name, "email": "m@example.org", "password1": PASSWORD}
    page = client.post("/accounts/signup/", {**form, "password2": PASSWORD})
    assert (page.status_code, User.objects.count()) == (200, 1)


def test_a_sign_up_takes_the_normal_form(client: Client, settings: LazySettings, db: None) -> None:
    settings.SIGN_UP_OPEN = True
    form = {"username": "ｃａｒｏｌ", "email": "c@example.org", "password1": PASSWORD}
    assert client.post("/accounts/signup/", {**form, "password2": PASSWORD}).status_code == 302
    assert User.objects.get().username == "carol"


@pytest.mark.parametrize("name", ["аlice", "bob.", "ALICE"])
def test_the_command_and_the_admin_refuse_it_too(
    admin_client: Client, alice: User, name: str
) -> None:
    with pytest.raises(CommandError, match="username"):
        call_command("user", "create", name)
    form = {"username": name, "email": "", "usable_password": "true"}
    page = admin_client.post(
        "/admin/accounts/user/add/", {**form, "password1": PASSWORD, "password2": PASSWORD}
    )
    assert page.status_code == 200
    assert not User.objects.filter(username=name).exists()


def test_who_has_such_a_name_keeps_it(admin_client: Client, db: None) -> None:
    user = User.objects.create_user("аlice.")
    user.name = "Alice"
    user.full_clean(exclude=["password"])
    user.save()
    assert User.objects.find_by_username("АLICE.") == user


def test_a_new_name_gets_a_new_key(alice: User) -> None:
    alice.username = "Bob"
    alice.save(update_fields=["username"])
    assert User.objects.find_by_username("BOB") == alice
    assert User.objects.find_by_username("alice") is None


def test_somebody_without_a_key_is_found_by_the_exact_name(alice: User) -> None:
    """An older version made them while the new one was being started."""
    User.objects.update(username_key=None)
    assert User.objects.find_by_username("alice") == alice
    User.objects.get().save()
    assert User.objects.find_by_username("ALICE") == alice


@pytest.fixture
def before(transactional_db: None) -> Iterator[Any]:
    """The model of people as it was before names had a key."""
    executor = MigrationExecutor(connection)
    executor.migrate([("accounts", "0002_pendingaddress")])
    yield executor.loader.project_state([("accounts", "0002_pendingaddress")]).apps
    MigrationExecutor(connection).migrate([("accounts", "0004_unique_username_key")])


def test_look_alikes_that_are_there_already_go_on_with_their_spelling(
    before: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    people = before.get_model("accounts", "User").objects
    names = ["ａｌｉｃｅ", "alice", "Straße", "strasse.x", "Strasse", "\ufdfa" * 10, "Bob"]
    people.bulk_create([people.model(username=name) for name in names])
    executor = MigrationExecutor(connection)
    executor.migrate([("accounts", "0004_unique_username_key")])

    assert capsys.readouterr().out.count("looks like another") == 3
    for name in names:
        user = User.objects.find_by_username(name)
        assert user is not None
        assert user.username == name
        user.name = "Somebody"
        user.save()  # keeps its key
    assert User.objects.find_by_username("ALICE").username == "alice"
    assert User.objects.find_by_username("BOB").username == "Bob"


def test_the_migration_forgets_addresses_that_wait_in_the_wrong_place(
    transactional_db: None,
) -> None:
    first = [("accounts", "0001_initial")]
    executor = MigrationExecutor(connection)
    executor.migrate(first)
    allauths = ("account", "0009_emailaddress_unique_primary_email")
    apps = executor.loader.project_state([*first, allauths]).apps
    user = apps.get_model("accounts", "User").objects.create(username="a", email="A@example.org")
    addresses = apps.get_model("account", "EmailAddress").objects
    for email, verified in (
        ("a@example.org", False), ("pending@example.org", False), ("b@example.org", True),
    ):  # fmt: skip
        addresses.create(user=user, email=email, verified=verified)
    MigrationExecutor(connection).migrate([("accounts", "0004_unique_username_key")])
    assert set(addresses.values_list("email", flat=True)) == {"a@example.org", "b@example.org"}
