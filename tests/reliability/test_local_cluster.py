"""The local Redis Cluster: keeps its data, heals, and leaves alone what is not its own."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.cluster import RedisCluster

from authserver.local import cluster as cluster_module
from authserver.local.cluster import ClusterError, LocalCluster
from authserver.local.node import Node
from authserver.local.ports import HOST, free_base_port, is_port_free
from authserver.local.server_binary import NoServerBinary, find_server_binary

KEYS = [f"key-{number}" for number in range(60)]


@pytest.fixture
def new_cluster(tmp_path: Path) -> Iterator[Callable[..., LocalCluster]]:
    """Make objects for the cluster in one folder; it is stopped after the test."""

    def make(**options: int) -> LocalCluster:
        return LocalCluster(tmp_path / "cluster", **options)

    yield make
    make().stop()


@pytest.fixture
def small(new_cluster: Callable[..., LocalCluster]) -> LocalCluster:
    """One started node that owns every slot: the smallest cluster that there is."""
    cluster = new_cluster(masters=1, replicas=0, base_port=free_base_port(1))
    cluster.start()
    return cluster


@contextmanager
def connected(cluster: LocalCluster) -> Iterator[RedisCluster]:
    client = RedisCluster(host=HOST, port=cluster.nodes()[0].port, decode_responses=True)
    yield client
    client.close()


@contextmanager
def listener(port: int) -> Iterator[None]:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((HOST, port))
        server.listen()
        yield


@contextmanager
def foreign_redis(port: int, directory: Path) -> Iterator[Redis]:
    """Run a Redis that somebody else started."""
    directory.mkdir()
    node = Node(directory, port)
    node.start(find_server_binary(), {"cluster-enabled": "no"})
    try:
        node.wait_until_ready()
        yield node.client()
    finally:
        node.stop()
        node.wait_until_stopped()


def test_three_masters_and_three_replicas_come_back_with_their_data(
    new_cluster: Callable[..., LocalCluster],
) -> None:
    new_cluster(base_port=free_base_port(6)).start()
    with connected(new_cluster()) as client:
        for key in KEYS:
            client.set(key, key, ex=600)
    new_cluster().stop()
    assert new_cluster().status().state == "stopped"
    again = new_cluster()
    again.start()
    status = again.status()
    assert status.state == "ok"
    assert sorted(node.role for node in status.nodes) == ["master"] * 3 + ["replica"] * 3
    with connected(again) as client:
        assert [client.get(key) for key in KEYS] == KEYS


def test_a_killed_node_is_restarted_with_its_data(small: LocalCluster) -> None:
    with connected(small) as client:
        client.set("kept", "yes", ex=600)
    (node,) = small.nodes()
    killed = node.pid()
    small.kill(node)
    assert node.pid() is None
    assert small.restart_dead_nodes() == [node]
    assert node.pid() not in (None, killed)
    small.wait_until_ready()
    assert node.client().get("kept") == "yes"


def test_nothing_is_restarted_while_all_nodes_live(small: LocalCluster) -> None:
    assert small.restart_dead_nodes() == []


def test_a_node_that_dies_again_and_again_is_given_up(small: LocalCluster) -> None:
    (node,) = small.nodes()
    with pytest.raises(ClusterError, match="keeps dying"):
        for _ in range(cluster_module._RESTART_LIMIT + 1):
            small.kill(node)
            small.restart_dead_nodes()


def test_nodes_that_outlived_their_supervisor_are_taken_over(
    small: LocalCluster, new_cluster: Callable[..., LocalCluster]
) -> None:
    successor = new_cluster()
    successor.start()
    assert successor.nodes()[0].pid() == small.nodes()[0].pid()


def test_a_start_that_was_interrupted_is_begun_anew(
    new_cluster: Callable[..., LocalCluster],
) -> None:
    new_cluster(masters=1, replicas=0, base_port=free_base_port(1)).launch()
    second = new_cluster(masters=1, replicas=0, base_port=free_base_port(1))
    second.start()
    assert second.status().state == "ok"


def test_a_foreign_redis_on_our_port_is_left_alone(
    small: LocalCluster, new_cluster: Callable[..., LocalCluster], tmp_path: Path
) -> None:
    with connected(small) as client:
        client.set("kept", "yes", ex=600)
    small.stop()
    port = small.nodes()[0].port
    with foreign_redis(port, tmp_path / "foreign") as foreign:
        foreign.set("theirs", "untouched")
        cluster = new_cluster()
        assert cluster.status().state == "stopped"
        cluster.start()
        assert cluster.nodes()[0].port != port
        with connected(cluster) as client:
            assert client.get("kept") == "yes"
        cluster.stop()
        assert foreign.get("theirs") == "untouched"
        assert foreign.dbsize() == 1


def test_a_cluster_moves_as_a_whole_when_one_port_is_taken(
    new_cluster: Callable[..., LocalCluster],
) -> None:
    cluster = new_cluster(base_port=free_base_port(6))
    cluster.start()
    with connected(cluster) as client:
        for key in KEYS:
            client.set(key, key, ex=600)
    cluster.stop()
    with listener(cluster.nodes()[4].port):
        moved = new_cluster()
        moved.start()
        with connected(moved) as client:
            assert [client.get(key) for key in KEYS] == KEYS


def test_a_busy_port_that_was_asked_for_is_reported(
    new_cluster: Callable[..., LocalCluster],
) -> None:
    port = free_base_port(1)
    with listener(port), pytest.raises(ClusterError, match=f"port {port} is in use"):
        new_cluster(masters=1, replicas=0, base_port=port).start()


def test_a_busy_bus_port_is_reported(new_cluster: Callable[..., LocalCluster]) -> None:
    port = free_base_port(1)
    with listener(port + 10_000), pytest.raises(ClusterError, match=f"port {port + 10_000}"):
        new_cluster(masters=1, replicas=0, base_port=port).start()


def test_a_pid_that_now_belongs_to_another_program_is_not_signalled(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        (tmp_path / "server.pid").write_text(str(other.pid))
        node = Node(tmp_path, free_base_port(1))
        assert node.pid() is None
        node.kill()
        node.stop()
        node.wait_until_stopped()
        assert other.poll() is None
        other.communicate(b"\n")
        assert other.returncode == 0


def test_another_shape_is_refused_and_the_cluster_left_as_it_is(
    small: LocalCluster, new_cluster: Callable[..., LocalCluster]
) -> None:
    with pytest.raises(ClusterError, match="holds a cluster of 1 masters"):
        new_cluster(masters=3).start()
    assert small.status().state == "ok"


def test_an_unusable_server_binary_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_SERVER", sys.executable)
    with pytest.raises(NoServerBinary, match="REDIS_SERVER="):
        find_server_binary()


def test_without_a_server_on_path_the_packaged_one_runs(
    monkeypatch: pytest.MonkeyPatch, new_cluster: Callable[..., LocalCluster], tmp_path: Path
) -> None:
    monkeypatch.delenv("REDIS_SERVER", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_server_binary().name == "valkey-server"
    cluster = new_cluster(masters=1, replicas=0, base_port=free_base_port(1))
    cluster.start()
    assert cluster.status().state == "ok"


def test_data_stay_with_the_server_that_wrote_them(
    monkeypatch: pytest.MonkeyPatch, new_cluster: Callable[..., LocalCluster], tmp_path: Path
) -> None:
    """A server that is installed later may be older, and not read them."""
    monkeypatch.delenv("REDIS_SERVER", raising=False)
    cluster = new_cluster(masters=1, replicas=0, base_port=free_base_port(1))
    cluster.start()
    cluster.stop()
    found: list[str] = []
    monkeypatch.setattr(cluster_module, "find_server_binary", lambda: found.append("another"))
    again = new_cluster()
    again.start()
    assert again.status().state == "ok"
    assert found == []


def test_stopping_frees_the_ports(small: LocalCluster) -> None:
    port = small.nodes()[0].port
    assert not is_port_free(port)
    small.stop()
    assert is_port_free(port)
