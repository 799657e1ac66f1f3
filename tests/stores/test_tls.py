"""A cluster as in production: TLS with client certificates, and a user with few rights."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from redis.exceptions import ResponseError

from oidc.errors import AlreadyUsed, StoreUnavailable
from oidc.stores.records import Interaction
from oidc.stores.redis import browser_sessions, grants, interactions, replay_guards, sign_ons
from oidc.stores.redis.access import user_line
from oidc.stores.redis.status import check_cluster, clock_difference_seconds, replicas_missing
from tests.stores.conftest import StoresOn
from tests.stores.people import Person, new_id
from tests.stores.secured import OPERATOR_PASSWORD, SecuredNode, secured_node

PASSWORD = "p,w@/%"
NEW_PASSWORD = "another one"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredNode]:
    with secured_node(tmp_path_factory.mktemp("tls"), user_line("gatehouse", [PASSWORD])) as node:
        yield node


def use_everything() -> None:
    """Call what the server calls: each store and the cache, readiness, and the doctor's looks."""
    person = Person()
    grant = person.open_grant()
    assert grant.rotate(0).generation == 1
    assert grant.find() == grant.grant
    waiting = Interaction(new_id(), "browser-1", {}, time.time())
    interactions.store(waiting, 60)
    interactions.select_account(waiting.interaction_id)
    assert interactions.consume(waiting.interaction_id, request_id=new_id()).account_selected
    grants.revoke_access_token(person.bucket, new_id(), 60)
    assert not grants.is_access_token_revoked(person.bucket, new_id())
    assert len(grants.list_for_user(person.user_id)) == 1
    assert len(sign_ons.list_for_user(person.user_id)) == 1
    grants.revoke(grant.handle, grant.grant.client_id)
    sign_ons.end(person.user_id, person.sign_in())
    sign_ons.end(person.user_id, "unknown")
    sign_ons.end_all(person.user_id)
    _use_session_and_guard()
    name = new_id()
    cache.set(name, {"a": 1}, 10)
    cache.touch(name, 20)
    assert cache.get_many([name]) == {name: {"a": 1}}
    assert cache.add(f"{name}-n", 0, 10)
    assert cache.incr(f"{name}-n") == 1
    cache.delete_many([name, f"{name}-n"])
    check_cluster()
    assert replicas_missing() == []
    assert clock_difference_seconds() < 60


def _use_session_and_guard() -> None:
    key, value = new_id(), new_id()
    assert browser_sessions.create(key, {"a": 1}, 60)
    assert browser_sessions.save(key, {"a": 2}, 60)
    assert browser_sessions.load(key) == {"a": 2}
    browser_sessions.delete(key)
    replay_guards.accept_once("test", "issuer", value, request_id="one", lifetime_seconds=60)
    with pytest.raises(AlreadyUsed):
        replay_guards.accept_once("test", "issuer", value, request_id="two", lifetime_seconds=60)


def test_everything_works_over_tls_with_the_generated_rights(
    node: SecuredNode, stores_on: StoresOn
) -> None:
    with stores_on(node.url(PASSWORD)):
        use_everything()
    assert [each for each in node.operator().acl_log() if each["reason"] != "auth"] == []


@pytest.mark.parametrize(
    "command",
    [
        ("CONFIG", "GET", "*"),
        ("KEYS", "*"),
        ("SCAN", "0"),
        ("FLUSHALL",),
        ("FLUSHDB",),
        ("DEBUG", "JMAP"),
        ("SCRIPT", "KILL"),
        ("SCRIPT", "FLUSH"),
        ("FUNCTION", "LIST"),
        ("ACL", "LIST"),
        ("CLUSTER", "RESET"),
        ("CLUSTER", "FAILOVER"),
        ("MONITOR",),
        ("CLIENT", "LIST"),
        ("SHUTDOWN",),
        ("REPLICAOF", "NO", "ONE"),
        ("DUMP", "session:x"),
        ("RENAME", "session:x", "session:y"),
        ("PUBLISH", "channel", "x"),
        ("GET", "other:x"),
        ("SET", "other:x", "1"),
        ("EVAL", "return redis.call('GET', 'other:x')", "0"),
        ("EVAL", "return redis.call('FLUSHALL')", "0"),
    ],
    ids=lambda command: " ".join(command)[:24],
)
def test_the_generated_rights_allow_nothing_else(
    node: SecuredNode, command: tuple[str, ...]
) -> None:
    client = node.client("gatehouse", PASSWORD)
    # The words of the node for a command, for one in a script, and for a key in a script.
    words = "no permissions|can't run this command|can't access at least one|DEBUG command not"
    with pytest.raises(ResponseError, match=words):
        client.execute_command(*command)


def test_a_password_is_rotated_without_a_failing_request(
    node: SecuredNode, stores_on: StoresOn, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.GATEHOUSE = {**settings.GATEHOUSE, "redis_url": node.url(PASSWORD)}
    call_command("redis_acl", new_password=True, json=True)
    made = json.loads(capsys.readouterr().out)
    operator = node.operator()
    with stores_on(node.url(PASSWORD)):
        use_everything()
        node.write_users(made["line"])
        operate(node, "reload")
        use_everything()
    with stores_on(node.url(made["password"])):
        use_everything()
        node.write_users(user_line("gatehouse", [made["password"]]))
        operate(node, "reload")
        use_everything()
    with (
        stores_on(node.url(PASSWORD), redis_deadline_seconds=0.3),
        pytest.raises(StoreUnavailable),
    ):
        Person().sign_in()
    node.write_users(user_line("gatehouse", [PASSWORD]))
    operator.execute_command("ACL", "LOAD")


def test_certificates_are_rotated_without_a_failing_request(
    node: SecuredNode, stores_on: StoresOn
) -> None:
    with stores_on(node.url(PASSWORD)):
        use_everything()
        before = node.presented_certificate()
        node.authority.issue("server")
        node.authority.issue("client")
        operate(node, "reload")
        assert node.presented_certificate() != before
        use_everything()
        node.operator().client_kill_filter(_type="normal", skipme=True)
        use_everything()  # over new connections, with the new client certificate


def operate(node: SecuredNode, step: str) -> None:
    """Run the operator's script."""
    environment = os.environ | {"OPERATOR_REDIS_URL": node.url(OPERATOR_PASSWORD, user="operator")}
    script = Path(__file__).resolve().parents[2] / "deploy/redis/cluster.py"
    subprocess.run([sys.executable, script, step], env=environment, check=True, timeout=60)


@pytest.mark.parametrize("change", [("gatehouse:", "nobody:"), ("p%2C", "q%2C")])
def test_a_wrong_user_or_password_is_unavailable_and_never_shown(
    node: SecuredNode,
    stores_on: StoresOn,
    change: tuple[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with (
        stores_on(node.url(PASSWORD).replace(*change), redis_deadline_seconds=0.3),
        pytest.raises(StoreUnavailable) as unavailable,
    ):
        Person().sign_in()
    assert PASSWORD not in caplog.text + str(unavailable.value)


@pytest.mark.parametrize("without", ["ssl_ca_certs", "ssl_certfile"])
def test_both_sides_must_show_a_certificate_of_the_authority(
    node: SecuredNode, stores_on: StoresOn, without: str
) -> None:
    url, _, query = node.url(PASSWORD).partition("?")
    files = [part for part in query.split("&") if not part.startswith(without)]
    files = [part for part in files if without != "ssl_certfile" or "keyfile" not in part]
    with (
        stores_on(f"{url}?{'&'.join(files)}", redis_deadline_seconds=0.3),
        pytest.raises(StoreUnavailable),
    ):
        Person().sign_in()
