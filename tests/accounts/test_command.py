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
