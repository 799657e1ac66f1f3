"""`manage.py user` and `createsuperuser`."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("user", *arguments, stdout=out)
    return out.getvalue()


def test_create_prints_a_password_that_works(db: None) -> None:
    answer = json.loads(run("create", "bob", "--email", "Bob@example.org", "--json"))

    user = User.objects.get(username="bob")
    assert answer == {"username": "bob", "password": answer["password"], "sub": str(user.pk)}
    assert user.check_password(answer["password"])
    assert (user.email, user.email_verified) == ("bob@example.org", False)
    assert len(answer["password"]) >= 16


def test_create_for_people(db: None) -> None:
    words = run("create", "bob")
    assert str(User.objects.get().pk) in words
    assert "password" in words


def test_create_with_claims(db: None, tmp_path: Path) -> None:
    claims = {"name": "Bob Baker", "email": "bob@example.org", "email_verified": True}
    file = tmp_path / "claims.json"
    file.write_text(json.dumps(claims))

    run("create", "bob", "--claims", str(file), "--json")

    user = User.objects.get()
    assert (user.name, user.email, user.email_verified) == ("Bob Baker", "bob@example.org", True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "JSON"),
        ("[]", "object"),
        ('{"sub": "x"}', "sub"),
        ('{"birthdate": "soon"}', "birthdate"),
        ('{"email": "other@example.org"}', "another e-mail"),
        (None, "cannot be read"),
    ],
)
def test_bad_claims_are_named(db: None, tmp_path: Path, content: str | None, words: str) -> None:
    file = tmp_path / "claims.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(CommandError, match=words):
        run("create", "bob", "--email", "bob@example.org", "--claims", str(file))
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ALICE",), "username already"),
        (("bob", "--email", "ALICE@example.org"), "address already"),
        (("b@b",), "Letters"),
        (("bob", "--email", "nonsense"), "email"),
    ],
)
def test_create_refuses(alice: User, arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run("create", *arguments)
    assert User.objects.count() == 1


def test_revoke(alice: User, signed_out: list[str]) -> None:
    answer = json.loads(run("revoke", "alice", "--json"))
    assert answer == {"username": "alice", "sub": str(alice.pk)}
    assert str(alice.pk) in signed_out


def test_revoke_of_nobody(db: None) -> None:
    with pytest.raises(CommandError, match="nobody"):
        run("revoke", "nobody")


def test_createsuperuser(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "three grey owls")
    call_command(
        "createsuperuser", "--noinput", "--username=root", "--email=Root@Example.org", verbosity=0
    )
    user = User.objects.get()
    assert user.is_staff
    assert user.is_superuser
    assert (user.email, user.check_password("three grey owls")) == ("root@example.org", True)


# --- Administrators, lists, and what stops somebody -----------------------------------------------


def people(*arguments: str) -> list[str]:
    return [person["username"] for person in json.loads(run("list", *arguments, "--json"))]


@pytest.fixture
def crowd(alice: User) -> None:
    for name in ("carol", "bob", "dave"):
        run("create", name)
    run("create", "root", "--email", "boss@example.org", "--admin")
    run("disable", "dave")


def test_create_an_admin(db: None) -> None:
    answer = json.loads(run("create", "root", "--admin", "--json"))
    user = User.objects.get()
    assert user.is_staff
    assert user.is_superuser
    assert set(answer) == {"username", "password", "sub"}


def test_list_by_name_with_filters(crowd: None) -> None:
    assert people() == ["alice", "bob", "carol", "dave", "root"]
    assert people("--disabled") == ["dave"]
    assert people("--enabled") == ["alice", "bob", "carol", "root"]
    assert people("--admins") == ["root"]
    assert people("--search", "ARCHER") == ["alice"]
    assert people("--search", "@example.org", "--admins") == ["root"]
    assert people("--search", "nobody") == []
    assert "dave" in run("list")


def test_list_in_pages(crowd: None) -> None:
    err = StringIO()
    out = StringIO()
    call_command("user", "list", "--limit", "2", "--json", stdout=out, stderr=err)
    assert [person["username"] for person in json.loads(out.getvalue())] == ["alice", "bob"]
    assert "--after bob" in err.getvalue()
    assert people("--limit", "2", "--after", "bob") == ["carol", "dave"]
    err = StringIO()
    call_command("user", "list", "--limit", "1", "--after", "dave", stdout=out, stderr=err)
    assert err.getvalue() == ""


@pytest.mark.parametrize("limit", ["0", "-1", "many"])
def test_a_page_has_one_row_at_least(db: None, limit: str) -> None:
    with pytest.raises(CommandError, match="number"):
        run("list", "--limit", limit)


@pytest.mark.parametrize("name", ["alice", "ALICE", "alice@example.org"])
def test_show(alice: User, name: str) -> None:
    shown = json.loads(run("show", name, "--json"))
    assert shown == {
        "username": "alice",
        "sub": str(alice.pk),
        "name": "Alice Archer",
        "email": "alice@example.org",
        "email_verified": True,
        "is_active": True,
        "is_staff": False,
        "is_superuser": False,
        "created_at": int(alice.date_joined.timestamp()),
        "last_login_at": None,
    }
    assert "alice@example.org" in run("show", name)


def test_disable_ends_everything_until_enabled(alice: User, signed_out: list[str]) -> None:
    assert json.loads(run("disable", "alice", "--json"))["is_active"] is False
    assert str(alice.pk) in signed_out
    alice.refresh_from_db()
    assert not alice.is_active
    with pytest.raises(CommandError, match="user enable"):
        run("reset", "alice")
    signed_out.clear()
    assert json.loads(run("enable", "alice", "--json"))["is_active"] is True
    assert signed_out == []


def test_reset_shows_a_new_password_once_and_ends_everything(
    alice: User, signed_out: list[str]
) -> None:
    answer = json.loads(run("reset", "alice", "--json"))
    assert answer == {"username": "alice", "password": answer["password"], "sub": str(alice.pk)}
    assert str(alice.pk) in signed_out
    before = alice.password
    alice.refresh_from_db()
    assert alice.password != before
    assert alice.check_password(answer["password"])
    assert answer["password"] not in run("show", "alice")


@pytest.mark.parametrize("action", ["show", "disable", "enable", "reset"])
def test_nobody(db: None, action: str) -> None:
    with pytest.raises(CommandError, match="nobody with the username bob"):
        run(action, "bob")
