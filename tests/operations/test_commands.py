"""Every command answers a wrong setting or an outage with one sentence and exit status 1."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import get_commands
from django.db import DataError, IntegrityError, OperationalError, ProgrammingError

from authserver import command_line
from authserver.local.ports import free_base_port
from oidc import surroundings
from oidc.errors import BadSetting, StoreUnavailable
from tests.support.forked_commands import ROOT, Ended, run_commands

COMMANDS: Sequence[Sequence[str]] = (
    ("client", "list"),
    ("client", "show", "x"),
    ("client", "create", "App", "--profile", "machine"),
    ("client", "update", "x"),
    ("client", "rotate-secret", "x"),
    ("client", "disable", "x"),
    ("client", "enable", "x"),
    ("client", "delete", "x"),
    ("user", "create", "ann"),
    ("user", "list"),
    ("user", "show", "alice"),
    ("user", "disable", "alice"),
    ("user", "enable", "alice"),
    ("user", "reset", "alice"),
    ("user", "revoke", "alice"),
    ("keys", "list"),
    ("keys", "rotate"),
    ("keys", "retire", "x"),
    ("keys", "revoke", "x"),
    ("registration_token", "create", "Ann"),
    ("registration_token", "list"),
    ("registration_token", "revoke", "1"),
    ("worker", "--once"),
    ("doctor",),
    ("prepare_local",),
    ("createsuperuser", "--noinput", "--username=root", "--email=root@example.org"),
    ("migrate", "--verbosity=0"),
    ("showmigrations",),
    ("check", "--database=default"),
    ("redis_acl",),
    ("local_cluster", "status"),
)
OURS = ("accounts", "authserver", "oidc")
NEED_NO_DATABASE = {"redis_acl", "local_cluster status"}
SECRET_KEY = "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789"
NOWHERE = "127.0.0.1:1"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Of an installation whose stores do not exist; its database is an empty file."""
    return {
        "GATEHOUSE_LOCAL_DIR": str(tmp_path),
        "SECRET_KEY": SECRET_KEY,
        "DATABASE_URL": f"sqlite:///{tmp_path}/gatehouse.sqlite3",
        "REDIS_URL": f"redis://{NOWHERE}",
        "DJANGO_SUPERUSER_PASSWORD": "three grey owls",
    }


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with tables, and with Alice."""
    path = tmp_path_factory.mktemp("migrated") / "gatehouse.sqlite3"
    variables = {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": f"sqlite:///{path}"}
    for command in (("migrate", "--verbosity=0"), ("user", "create", "alice")):
        assert run_commands([command], variables).popitem()[1].status == 0
    return path


@pytest.fixture
def migrated(environment: dict[str, str], migrated_database: Path) -> dict[str, str]:
    """The environment of an installation with a database, and still without a cluster."""
    shutil.copy(migrated_database, environment["GATEHOUSE_LOCAL_DIR"])
    return environment


def told(ended: Ended) -> str:
    """Return the one sentence that a failed command has on stderr."""
    assert ended.status == 1, ended
    assert "Traceback" not in ended.stderr
    [sentence] = ended.stderr.splitlines()
    assert sentence.endswith("."), sentence
    return sentence


def test_every_command_of_ours_is_looked_at() -> None:
    assert {name for name, app in get_commands().items() if app in OURS} <= {
        command[0] for command in COMMANDS
    }


def test_every_command_prints_json_in_one_style() -> None:
    for path in ROOT.glob("*/management/commands/*.py"):
        assert "json.dumps" not in path.read_text(), f"{path.name}: use print_json"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("GATEHOUSE_ISSUER", "http://sign-in.example", "GATEHOUSE_ISSUER is"),
        ("GATEHOUSE_ISSUER", "https://[", "GATEHOUSE_ISSUER is"),
        ("DATABASE_URL", "hunter2", "DATABASE_URL must be"),
        ("DATABASE_URL", "", "DATABASE_URL must be"),
        ("DATABASE_URL", "postgres://u:hunter2@host:port/name", "DATABASE_URL must be"),
        ("DATABASE_URL", "mysql://u:hunter2@host/name", "DATABASE_URL must be"),
        ("REDIS_WAIT_REPLICAS", "many", "REDIS_WAIT_REPLICAS must be a whole number"),
        ("GATEHOUSE_SOFTWARE_STATEMENT_ISSUERS", "{", "must be JSON"),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL must be one of"),
        ("TRUSTED_PROXIES", "10.0.0.1,the-proxy", "TRUSTED_PROXIES must be"),
        ("SESSION_COOKIE_SAMESITE", "lenient", "SESSION_COOKIE_SAMESITE must be one of"),
        ("GATEHOUSE_RATE_LIMITS", "of", "GATEHOUSE_RATE_LIMITS must be one of"),
        ("GATEHOUSE_REDIS_PLAINTEXT", "alow", "GATEHOUSE_REDIS_PLAINTEXT must be one of"),
        ("EMAIL_URL", "hunter2@host", "EMAIL_URL must be"),
        ("EMAIL_URL", "smtp://host:port", "EMAIL_URL must be"),
    ],
)
def test_a_setting_without_a_meaning(
    environment: dict[str, str], name: str, value: str, said: str
) -> None:
    # All meet the settings first, so two of them do for what differs in the value alone.
    commands = COMMANDS if value in ("https://[", "hunter2") else COMMANDS[:2]
    for ended in run_commands(commands, environment | {name: value}).values():
        sentence = told(ended)
        assert said in sentence
        assert "hunter2" not in sentence


def test_a_damaged_file_of_the_local_installation(environment: dict[str, str]) -> None:
    cluster = Path(environment["GATEHOUSE_LOCAL_DIR"], "cluster")
    cluster.mkdir()
    (cluster / "cluster.json").write_text("{")
    del environment["REDIS_URL"]
    for ended in run_commands(COMMANDS, environment).values():
        assert "cluster.json is damaged" in told(ended)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:////nowhere/gatehouse.sqlite3", "does not answer (unable to open"),
        (f"postgres://u:hunter2@{NOWHERE}/name", "does not answer (connection failed"),
        (f"postgres://u:hunter2@{NOWHERE}/name?no_such_option=1", "invalid connection option"),
    ],
)
def test_a_database_that_is_away(environment: dict[str, str], url: str, said: str) -> None:
    # What is in the URL makes no difference to a command, so one of the three is tried with all.
    commands = COMMANDS if url.startswith("sqlite") else [*COMMANDS[:2], ("doctor",)]
    commands = [each for each in commands if " ".join(each) not in NEED_NO_DATABASE]
    results = run_commands(commands, environment | {"DATABASE_URL": url})
    doctor = results.pop("doctor")
    assert said in doctor.stdout
    assert "Traceback" not in doctor.stderr
    for ended in results.values():
        sentence = told(ended)
        assert said in sentence
        assert "hunter2" not in sentence


def test_a_database_that_hangs(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgres://u:hunter2@127.0.0.1:{silent.getsockname()[1]}/name"
        results = run_commands([("client", "list")], environment | {"DATABASE_URL": url})
    assert "does not answer (connection timeout expired)" in told(results["client list"])


def test_a_database_without_tables(environment: dict[str, str]) -> None:
    able = {"prepare_local", "migrate --verbosity=0", "showmigrations", "check --database=default"}
    commands = [each for each in COMMANDS if " ".join(each) not in NEED_NO_DATABASE | able]
    results = run_commands(commands, environment)
    doctor = results.pop("doctor")
    for ended in results.values():
        assert told(ended) == surroundings.MIGRATE
    assert "migrations are missing" in doctor.stdout
    assert surroundings.MIGRATE in doctor.stdout


def test_a_file_that_is_no_database(environment: dict[str, str]) -> None:
    Path(environment["GATEHOUSE_LOCAL_DIR"], "gatehouse.sqlite3").write_text("a letter " * 100)
    for ended in run_commands(COMMANDS[:2], environment).values():
        assert "cannot be used (file is not a database)" in told(ended)


def test_an_address_of_the_cluster_that_is_none(migrated: dict[str, str]) -> None:
    results = run_commands(COMMANDS, migrated | {"REDIS_URL": "rediss://u:hunter2@host:port"})
    doctor = results.pop("doctor")
    for subject in ("redis cluster", "clock"):
        assert f"{subject:14} REDIS_URL: a seed is" in doctor.stdout
    assert "database       ok" in doctor.stdout
    assert results.pop("local_cluster status").status == 0
    for ended in results.values():
        sentence = told(ended)
        assert "REDIS_URL: a seed is" in sentence
        assert "hunter2" not in sentence


def test_a_cluster_that_is_away(migrated: dict[str, str]) -> None:
    ending = [("user", action, "alice") for action in ("revoke", "disable", "reset")]
    results = run_commands([*ending, ("doctor",)], migrated)
    for command in ending:
        assert "The Redis Cluster cannot serve" in told(results[" ".join(command)])
    assert "database       ok" in results["doctor"].stdout
    assert "signing keys   ok" in results["doctor"].stdout


def test_without_a_secret_key(migrated: dict[str, str]) -> None:
    results = run_commands(COMMANDS, migrated | {"SECRET_KEY": ""})
    for command, ended in results.items():
        assert ended.status in (0, 1), command
        assert "Traceback" not in ended.stderr, command
    assert "SECRET_KEY" in told(results["worker --once"])
    assert "SECRET_KEY" in told(results["keys rotate"])
    assert "configuration  The SECRET_KEY setting must not be empty" in results["doctor"].stdout
    assert "database       ok" in results["doctor"].stdout


# --- What is explained, and what stays a defect ---------------------------------------------------


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ImproperlyConfigured("X is\n  wrong"), "X is wrong."),
        (BadSetting("Y is wrong!"), "Y is wrong!"),
        (StoreUnavailable("no node answers"), "The Redis Cluster cannot serve (no node answers)"),
        (caused(StoreUnavailable("database"), OperationalError("gone\nat all")), "(gone)"),
        (caused(ProgrammingError("?"), psycopg.errors.UndefinedTable("?")), surroundings.MIGRATE),
        (caused(ProgrammingError("?"), psycopg.errors.UndefinedColumn("?")), surroundings.MIGRATE),
        (PermissionError(13, "Permission denied", "/key"), "/key: Permission denied."),
        (OSError("odd"), "odd."),
    ],
)
def test_what_is_wrong_around_the_program_is_a_sentence(error: Exception, said: str) -> None:
    assert said in (surroundings.explain(error) or "")


@pytest.mark.parametrize(
    "error",
    [
        KeyError("x"),
        IntegrityError("twice"),
        DataError("too long"),
        caused(ProgrammingError("?"), psycopg.errors.SyntaxError("?")),
    ],
)
def test_a_defect_stays_one(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: list[str]) -> None:
        raise error

    assert surroundings.explain(error) is None
    monkeypatch.setattr(command_line, "execute_from_command_line", fail)
    with pytest.raises(type(error)):
        command_line.main(["manage.py"])


def test_all_of_it_is_shown_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: list[str]) -> None:
        raise ImproperlyConfigured("X is wrong")

    monkeypatch.setattr(command_line, "execute_from_command_line", fail)
    assert command_line.main(["manage.py", "check"]) == 1
    with pytest.raises(ImproperlyConfigured):
        command_line.main(["manage.py", "check", "--traceback"])


@pytest.mark.parametrize(
    ("url", "step", "said"),
    [
        ("", "status", "OPERATOR_REDIS_URL is not set"),
        ("hunter2", "status", "OPERATOR_REDIS_URL must be"),
        ("redis://u:hunter2@host:port", "status", "OPERATOR_REDIS_URL must be"),
        (f"redis://u:hunter2@{NOWHERE}", "status", "a node cannot be talked to"),
        (f"redis://u:hunter2@{NOWHERE}?no_such=1", "status", "unknown option"),
        (f"rediss://u:hunter2@{NOWHERE}?ssl_ca_certs=/none", "status", "cannot be talked to"),
        (f"redis://u:hunter2@{NOWHERE}", "add-shard node", "write host:port"),
    ],
)
def test_the_operators_script_answers_with_a_sentence_too(url: str, step: str, said: str) -> None:
    ended = subprocess.run(
        [sys.executable, "deploy/redis/cluster.py", *step.split()],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "OPERATOR_REDIS_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "hunter2" not in ended.stderr


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        ("local", "a file where the folder should be", "local: File exists."),
        ("local/cluster/cluster.json", "{", "cluster.json is damaged"),
    ],
)
def test_make_run_answers_with_a_sentence_too(
    tmp_path: Path, path: str, content: str, said: str
) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(content)
    first = free_base_port(2)
    variables = {"PORT": str(first), "SAMPLE_APP_PORT": str(first + 1)}
    ended = subprocess.run(
        [sys.executable, "-m", "authserver.local"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "GATEHOUSE_LOCAL_DIR": str(tmp_path / "local"),
            **variables,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_reader_that_goes_away_is_no_error(environment: dict[str, str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [sys.executable, "manage.py", "help", "client"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (1, "")


def test_ctrl_c_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: list[str]) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line, "execute_from_command_line", interrupt)
    assert command_line.main(["manage.py"]) == 130
