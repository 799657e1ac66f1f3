"""A cluster grows, shrinks and has its nodes replaced, and everybody stays signed in.

By the script that operators use, on a small cluster of its own with people in it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from authserver.local.cluster import LocalCluster
from authserver.local.node import Node, node_settings
from authserver.local.ports import HOST, free_base_port
from authserver.local.server_binary import find_server_binary
from oidc.stores.redis import browser_sessions, sign_ons
from tests.stores.conftest import MakeCluster, StoresOn
from tests.stores.people import OpenGrant, Person, new_id

SCRIPT = Path(__file__).resolve().parents[2] / "deploy/redis/cluster.py"
HOUR = 3600
PEOPLE, SPARE, MOVED = 400, 6, 300


@dataclass
class Population:
    """People with sessions and grants, and a thread that goes on refreshing meanwhile."""

    grants: list[tuple[Person, str, OpenGrant]] = field(default_factory=list)
    generations: dict[str, int] = field(default_factory=dict)
    sessions: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _turns: int = 0

    def settle(self) -> None:
        for number in range(PEOPLE):
            person, key = Person(), new_id()
            sid = person.sign_in()
            self.grants.append((person, sid, person.open_grant(sid, offline=bool(number % 2))))
            assert browser_sessions.create(key, {"sid": sid}, HOUR)
            self.sessions.append(key)

    def live(self) -> None:
        """Refresh one after the other until it is over."""
        while not self._over.is_set():
            for person, _, grant in self.grants:
                if self._over.is_set():
                    return
                self._refresh(person, grant)
                self._turns += 1

    def _refresh(self, person: Person, grant: OpenGrant) -> None:
        generation = self.generations.get(person.user_id, 0)
        try:
            self.generations[person.user_id] = grant.rotate(generation).generation
        except Exception as error:  # whatever it is, somebody noticed the change
            self.failures.append(f"{type(error).__name__}: {error}")

    def stop(self) -> None:
        self._over.set()

    def assert_nobody_was_signed_out(self) -> None:
        assert self.failures == []
        assert self._turns > 0
        for (person, sid, grant), key in zip(self.grants, self.sessions, strict=True):
            assert sign_ons.find(person.user_id, sid).sid == sid
            assert grant.find() == grant.grant
            expected = self.generations.get(person.user_id, 0) + 1
            assert grant.rotate(expected - 1).generation == expected
            assert browser_sessions.load(key) == {"sid": sid}


def address(node: Node) -> str:
    return f"{HOST}:{node.port}"


def operate(cluster: LocalCluster, *step: str) -> str:
    environment = os.environ | {"OPERATOR_REDIS_URL": f"redis://{address(cluster.nodes()[0])}"}
    done = subprocess.run(
        [sys.executable, SCRIPT, *step], env=environment, capture_output=True, text=True, timeout=90
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def masters(cluster: LocalCluster) -> int:
    return operate(cluster, "status").count("master")


@pytest.fixture
def spare_nodes(tmp_path: Path) -> Iterator[list[Node]]:
    """Empty nodes that belong to nobody yet."""
    base = free_base_port(SPARE)
    nodes = [Node(tmp_path / f"spare-{number}", base + number) for number in range(SPARE)]
    for node in nodes:
        node.start(find_server_binary(), node_settings(appendonly=False, node_timeout_ms=1000))
    for node in nodes:
        node.wait_until_ready()
    yield nodes
    for node in nodes:
        node.stop()
    for node in nodes:
        node.wait_until_stopped()


def test_from_one_node_to_many_and_back_without_a_sign_out(
    make_cluster: MakeCluster, stores_on: StoresOn, spare_nodes: list[Node]
) -> None:
    cluster = make_cluster(1, 0)
    follower, master, second_follower, newcomer, *third_shard = spare_nodes
    with stores_on(cluster.url):
        people = Population()
        people.settle()
        life = threading.Thread(target=people.live)
        life.start()
        try:
            seed = address(cluster.nodes()[0])
            operate(cluster, "add-replica", address(follower), "--of", seed)
            shard = (address(master), address(second_follower))
            operate(cluster, "add-shard", *shard, "--slots", str(MOVED))
            assert f"{MOVED} slots" in operate(cluster, "status")
            assert master.client().dbsize() > 0
            third = [address(node) for node in third_shard]
            operate(cluster, "add-shard", *third, "--slots", str(MOVED))
            assert masters(cluster) == 3
            operate(cluster, "replace", address(master), "--by", address(newcomer))
            assert address(master) not in operate(cluster, "status")
            operate(cluster, "take-over", address(second_follower))
            operate(cluster, "reload")
            operate(cluster, "remove-shard", address(second_follower))
            operate(cluster, "remove-shard", third[0])
        finally:
            people.stop()
            life.join()
        people.assert_nobody_was_signed_out()
    assert masters(cluster) == 1
