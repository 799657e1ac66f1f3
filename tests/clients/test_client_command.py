"""`manage.py client`: what people and scripts type, and what they get."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from oidc.clients.profiles import PROFILES
from oidc.clients.repository import record_of
from oidc.models.client import OAuthClient

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]
REDIRECT_URI = "http://localhost:9999/cb"


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("client", *arguments, stdout=output)
    return output.getvalue()


def run_json(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json"))


def create(profile: str = "web", *more: str) -> dict[str, Any]:
    redirect = ["--redirect-uri", REDIRECT_URI] if PROFILES[profile].has_people else []
    answer = run_json("create", "App", "--profile", profile, *redirect, *more)
    assert isinstance(answer, dict)
    return answer


def accepts(client_id: str, client_secret: str) -> bool:
    row = OAuthClient.objects.get(client_id=client_id)
    return record_of(row).check_client_secret(client_secret)


@pytest.mark.parametrize("profile", PROFILES)
def test_create_prints_a_registration_response(profile: str) -> None:
    answer = create(profile)
    assert answer["client_name"] == "App" and answer["profile"] == profile
    stored = OAuthClient.objects.get(client_id=answer["client_id"])
    assert answer["grant_types"] == stored.grant_types
    if answer["token_endpoint_auth_method"] == "none":
        assert "client_secret" not in answer
    else:
        assert accepts(answer["client_id"], answer["client_secret"])


def test_create_takes_every_option() -> None:
    answer = create(
        "web",
        *("--redirect-uri", "https://app.example/cb"),
        *("--post-logout-redirect-uri", "https://app.example/out"),
        *("--backchannel-logout-uri", "https://app.example/back"),
        *("--frontchannel-logout-uri", "https://app.example/front"),
        *("--scope", "openid email"),
        *("--grant-type", "authorization_code", "--grant-type", "client_credentials"),
        *("--token-endpoint-auth-method", "private_key_jwt"),
        *("--jwks-uri", "https://app.example/jwks"),
        "--trusted",
        *("--set", 'contacts=["ops@example.com"]', "--set", "default_max_age=60"),
    )
    expected = {
        "redirect_uris": [REDIRECT_URI, "https://app.example/cb"],
        "post_logout_redirect_uris": ["https://app.example/out"],
        "backchannel_logout_uri": "https://app.example/back",
        "frontchannel_logout_uri": "https://app.example/front",
        "scope": "openid email",
        "grant_types": ["authorization_code", "client_credentials"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": "https://app.example/jwks",
        "trusted": True,
        "contacts": ["ops@example.com"],
        "default_max_age": 60,
    }
    assert expected.items() <= answer.items()


def test_the_secret_is_shown_once() -> None:
    client = create()
    shown_later = [run("show", client["client_id"]), run("list")]
    shown_later += [run("show", client["client_id"], "--json"), run("list", "--json")]
    assert all(client["client_secret"] not in text for text in shown_later)
    for text in shown_later:
        assert "sha256" not in text


def test_the_table_of_a_new_client_ends_with_its_secret() -> None:
    text = run("create", "My [bold]app[/]", "--profile", "machine")
    assert "My [bold]app[/]" in text
    secret_line = next(line for line in text.splitlines() if line.startswith("client_secret"))
    client = OAuthClient.objects.get()
    assert accepts(client.client_id, secret_line.split()[1])


def test_list_and_show() -> None:
    first, second = create("web"), create("machine")
    run("disable", second["client_id"])
    listed = {entry["client_id"]: entry for entry in run_json("list")}
    assert listed[first["client_id"]]["is_active"] is True
    assert listed[second["client_id"]]["is_active"] is False
    assert run_json("show", first["client_id"])["redirect_uris"] == [REDIRECT_URI]
    table = run("list")
    assert first["client_id"] in table and "disabled" in table


def test_update_changes_and_takes_back() -> None:
    client_id = create()["client_id"]
    answer = run_json("update", client_id, "--set", "default_max_age=60", "--scope", "openid")
    assert (answer["default_max_age"], answer["scope"]) == (60, "openid")
    answer = run_json("update", client_id, "--set", "default_max_age=null")
    assert "default_max_age" not in answer and answer["scope"] == "openid"
    assert answer["redirect_uris"] == [REDIRECT_URI]


def test_update_tells_that_a_secret_is_missing() -> None:
    client_id = create(
        "web", "--token-endpoint-auth-method", "private_key_jwt", "--jwks-uri", "https://a.b/jwks"
    )["client_id"]
    hint = StringIO()
    call_command(
        "client", "update", client_id, "--token-endpoint-auth-method", "client_secret_basic",
        stdout=StringIO(), stderr=hint,
    )  # fmt: skip
    assert f"client rotate-secret {client_id}" in hint.getvalue()


def test_rotate_secret() -> None:
    client = create()
    rotated = run_json("rotate-secret", client["client_id"])
    assert rotated["client_secret"] != client["client_secret"]
    assert accepts(client["client_id"], client["client_secret"])
    again = run_json("rotate-secret", client["client_id"], "--overlap-seconds", "0")
    assert not accepts(client["client_id"], client["client_secret"])
    assert not accepts(client["client_id"], rotated["client_secret"])
    assert accepts(client["client_id"], again["client_secret"])


def test_disable_enable_delete() -> None:
    client_id = create()["client_id"]
    assert run_json("disable", client_id)["is_active"] is False
    assert run_json("enable", client_id)["is_active"] is True
    assert run_json("delete", client_id) == {"client_id": client_id, "deleted": True}
    assert not OAuthClient.objects.exists()
    assert "Deleted App" in run("delete", create()["client_id"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["create", "A", "--profile", "web"], "redirect_uris: "),
        (
            ["create", "A", "--profile", "web", "--redirect-uri", "javascript:alert(1)"],
            "redirect_uris: Entry 1: ",
        ),
        (
            [
                "create",
                "A",
                "--profile",
                "web",
                "--redirect-uri",
                "x",
                "--redirect-uri",
                "http://app.example/",
            ],
            "redirect_uris: Entry 2: ",
        ),
        (["create", "A", "--profile", "machine", "--scope", '"'], "scope: "),
        (["create", "A", "--profile", "machine", "--set", "colour=7"], "colour: "),
        (["create", "A", "--profile", "machine", "--set", "tos_uri=text"], "not JSON"),
        (["create", "A", "--profile", "machine", "--set", "tos_uri"], "NAME=JSON"),
        (["show", "nobody"], "no client with this ID"),
        (["update", "nobody"], "no client with this ID"),
        (["rotate-secret", "nobody"], "no client with this ID"),
        (["disable", "nobody"], "no client with this ID"),
        (["delete", "nobody"], "no client with this ID"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else value,
)
def test_errors(arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run(*arguments)
    assert not OAuthClient.objects.exists()


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(CommandError) as error:
        run("create", "A", "--profile", "web", "--redirect-uri", "x", "--scope", '"')
    assert [line.partition(":")[0] for line in str(error.value).splitlines()] == [
        "redirect_uris",
        "scope",
    ]


@pytest.mark.django_db(databases=[])
def test_from_a_shell_errors_go_to_stderr_with_status_1(tmp_path: Path) -> None:
    def manage(*arguments: str) -> subprocess.CompletedProcess[str]:
        database = f"sqlite:///{tmp_path / 'db.sqlite3'}"
        environment = {**os.environ, "DATABASE_URL": database}
        environment["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    assert manage("migrate", "--verbosity", "0").returncode == 0
    created = manage(
        "client", "create", "App", "--profile", "web", "--redirect-uri", REDIRECT_URI, "--json"
    )
    assert created.returncode == 0 and created.stderr == ""
    assert json.loads(created.stdout)["client_secret"]
    failed = manage("client", "create", "App", "--profile", "web", "--json")
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert "redirect_uris" in failed.stderr and "Traceback" not in failed.stderr


# --- Lists ----------------------------------------------------------------------------------------


def registered(name: str, profile: str = "web") -> str:
    redirect = ["--redirect-uri", REDIRECT_URI] if PROFILES[profile].has_people else []
    client_id = run_json("create", name, "--profile", profile, *redirect)["client_id"]
    assert isinstance(client_id, str)
    return client_id


def names(*arguments: str) -> list[str]:
    return [client["client_name"] for client in run_json("list", *arguments)]


def test_list_with_filters() -> None:
    shop, _, report = registered("Shop"), registered("Club", "spa"), registered("Report", "machine")
    run("disable", shop)
    assert names() == ["Club", "Report", "Shop"]
    assert names("--profile", "machine") == ["Report"]
    assert names("--disabled") == ["Shop"]
    assert names("--enabled") == ["Club", "Report"]
    assert names("--search", "CLUB") == ["Club"]
    assert names("--search", "localhost:9999") == ["Club", "Shop"]
    assert names("--search", report) == ["Report"]


def test_list_in_pages_of_clients_of_one_name() -> None:
    ids = [registered("App") for _ in range(3)] + [registered("Zoo")]
    errors, output = StringIO(), StringIO()
    call_command("client", "list", "--limit", "2", "--json", stdout=output, stderr=errors)
    assert [client["client_id"] for client in json.loads(output.getvalue())] == ids[:2]
    assert f"--after {ids[1]}" in errors.getvalue()
    rest = run_json("list", "--limit", "2", "--after", ids[1])
    assert [client["client_id"] for client in rest] == ids[2:]
    with pytest.raises(CommandError, match="no client with this ID"):
        run("list", "--after", "x")


def test_show_by_name() -> None:
    shop = registered("Shop")
    assert run_json("show", "shop")["client_id"] == shop
    assert run_json("show", shop)["client_id"] == shop
    other = registered("Shop")
    with pytest.raises(CommandError) as refused:
        run("show", "Shop")
    assert shop in str(refused.value)
    assert other in str(refused.value)
    with pytest.raises(CommandError, match="no client with this ID"):
        run("disable", "Shop")
