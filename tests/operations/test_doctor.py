"""`manage.py doctor`: every ailment is named, with what to do about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection

from authserver.local.cluster import LocalCluster
from authserver.local.ports import free_base_port
from oidc import doctor
from oidc.keys import at_rest, ring
from oidc.models import SigningKey
from tests.clients.json_server import Answer, JsonServer, body, document, serving
from tests.protocol.test_store_unavailable import cluster_away, database_away

OTHER_KEY = "another-secret-key-0123456789-abcdefghijklmnopqrstuvwxyz"


def use(settings: Any, **changes: Any) -> None:
    settings.GATEHOUSE = {**settings.GATEHOUSE, **changes}


@pytest.fixture
def server(db: None, settings: Any) -> Iterator[JsonServer]:
    """Answers at the issuer's address."""
    with serving(document({})) as running:
        issuer = f"http://127.0.0.1:{running.port}"
        running.answer = document({"issuer": issuer})
        use(settings, issuer=issuer)
        yield running


def problems() -> dict[str, str]:
    return {each.subject: each.problem for each in doctor.examine() if each.problem}


def test_a_sound_installation_has_no_problem(server: JsonServer) -> None:
    output = StringIO()
    call_command("doctor", stdout=output)
    lines = output.getvalue().splitlines()
    assert len(lines) == len(doctor.LOOKS)
    assert all(line.endswith(" ok") for line in lines)


def test_the_command_fails_if_anything_does(server: JsonServer, settings: Any) -> None:
    output = StringIO()
    with cluster_away(settings), pytest.raises(CommandError, match="need attention"):
        call_command("doctor", "--json", stdout=output)
    findings = json.loads(output.getvalue())
    assert [each["subject"] for each in findings] == [subject for subject, _ in doctor.LOOKS]
    assert "REDIS_URL" in next(each["problem"] for each in findings if "Redis" in each["problem"])


def test_a_cluster_that_is_away(server: JsonServer, settings: Any) -> None:
    with cluster_away(settings):
        found = problems()
    assert len(found) == 2
    assert "cannot serve" in " ".join(found.values())
    assert "clocks were not compared" in " ".join(found.values())


@pytest.fixture
def own_cluster(tmp_path: Path, settings: Any) -> Iterator[LocalCluster]:
    """Two masters with a replica each, to be damaged."""
    cluster = LocalCluster(tmp_path, masters=2, replicas=1, base_port=free_base_port(4))
    cluster.start()
    use(settings, redis_url=cluster.url)
    try:
        yield cluster
    finally:
        cluster.stop()


def test_a_master_without_a_replica(server: JsonServer, own_cluster: LocalCluster) -> None:
    assert problems() == {}
    own_cluster.kill(own_cluster.nodes()[-1])
    found = " ".join(problems().values())
    assert "Without a replica: 127.0.0.1:" in found
    assert "REDIS_WAIT_REPLICAS" in found


def test_a_database_that_is_away(server: JsonServer) -> None:
    with database_away():
        found = " ".join(problems().values())
    assert "check DATABASE_URL" in found
    assert "keys were not read" in found


def test_missing_migrations(server: JsonServer) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'oidc'")
    assert "manage.py migrate" in " ".join(problems().values())


def test_a_clock_that_is_wrong(server: JsonServer) -> None:
    with time_machine.travel(1_000_000_000, tick=True):
        assert "use NTP" in " ".join(problems().values())


def test_a_missing_key(server: JsonServer) -> None:
    SigningKey.objects.filter(algorithm="ES256").delete()
    assert "No key for ES256" in " ".join(problems().values())


def test_a_secret_key_that_was_replaced(server: JsonServer, settings: Any) -> None:
    hidden = SigningKey.objects.filter(algorithm="ES256").first()
    use(settings, secret_keys=(OTHER_KEY,))
    assert at_rest.encrypt(b"x") != hidden.private_key_encrypted
    ring.forget()
    assert "SECRET_KEY_FALLBACKS" in " ".join(problems().values())


def test_a_secret_key_that_can_be_guessed(server: JsonServer, settings: Any) -> None:
    settings.SECRET_KEY = "short"
    assert "generate a longer one" in " ".join(problems().values())


def test_debug_in_production(server: JsonServer, settings: Any) -> None:
    settings.DEBUG = True
    assert "DEBUG" not in " ".join(problems().values())
    use(settings, issuer="https://127.0.0.1:1")
    assert "DEBUG is on" in " ".join(problems().values())


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (document({"issuer": "https://other.example"}), "another server"),
        (document([]), "does not answer (AttributeError)"),
        (body(b"<html>"), "does not answer"),
        (body(b"{}", 502), "answers 502"),
        (body(b"{}", 302, Location="/login"), "answers 302"),
    ],
    ids=["another issuer", "a list", "no JSON", "an error", "a redirect"],
)
def test_somebody_else_answers_at_the_issuer(server: JsonServer, answer: Answer, said: str) -> None:
    server.answer = answer
    assert said in " ".join(problems().values())


def test_nobody_answers_at_the_issuer(server: JsonServer, settings: Any) -> None:
    use(settings, issuer="http://127.0.0.1:1")
    assert "is the server running there?" in " ".join(problems().values())
