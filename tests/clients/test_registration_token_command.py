"""`manage.py registration_token`: what people and scripts type, and what they get."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from oidc.models import InitialAccessToken
from oidc.registration.initial_access_tokens import (
    NotValid,
    consume_initial_access_token,
    find_initial_access_token,
)

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("registration_token", *arguments, stdout=output)
    return output.getvalue()


def run_json(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json"))


def test_a_token_is_shown_once_and_kept_as_a_hash() -> None:
    made = run_json("create", "Partner", "--uses", "3", "--scope", "reports.read")
    token = made.pop("initial_access_token")
    row = find_initial_access_token(token)
    assert (row.name, row.most_uses, row.scope) == ("Partner", 3, "reports.read")
    assert run_json("list") == [made]
    assert token not in str(InitialAccessToken.objects.values())


def test_the_table_shows_it_too() -> None:
    shown = run("create", "Partner")
    [token] = [line.split()[1] for line in shown.splitlines() if "initial_access_token" in line]
    assert find_initial_access_token(token).name == "Partner"
    assert token not in run("list")


def test_a_revoked_token_lets_nobody_in() -> None:
    made = run_json("create", "Partner")
    row = find_initial_access_token(made["initial_access_token"])
    assert run_json("revoke", str(made["id"]))["state"] == "revoked"
    with pytest.raises(NotValid):
        find_initial_access_token(made["initial_access_token"])
    with pytest.raises(NotValid):
        consume_initial_access_token(row)


def test_an_expired_token_lets_nobody_in() -> None:
    made = run_json("create", "Partner")
    InitialAccessToken.objects.update(expires_at="2020-01-01T00:00:00Z")
    with pytest.raises(NotValid):
        find_initial_access_token(made["initial_access_token"])
    assert run_json("list")[0]["state"] == "expired"


def test_a_token_that_is_used_up_says_so() -> None:
    made = run_json("create", "Partner")
    consume_initial_access_token(InitialAccessToken.objects.get())
    with pytest.raises(NotValid):
        find_initial_access_token(made["initial_access_token"])
    assert run_json("list")[0]["state"] == "used up"


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "X", "--uses", "0"),
        ("create", "X", "--days", "0"),
        ("create", "X", "--days", "99999"),
        ("create", "X", "--scope", 'a"b'),
        ("revoke", "7"),
    ],
)
def test_mistakes_are_told(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        run(*arguments)
    assert not InitialAccessToken.objects.exists()
