"""What operators do to a cluster that serves, by the script that they have for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from authserver.local.node import Node
from authserver.local.ports import HOST
from authserver.local.server_binary import NoServerBinary, packaged_server
from oidc.stores.redis.access import user_line
from tests.reliability.lab.cluster import LabCluster
from tests.reliability.lab.secured import SecuredCluster
from tests.reliability.lab.waiting import AWAIT_SECONDS, await_that

if TYPE_CHECKING:
    from tests.reliability.lab.experiment import Experiment

_SCRIPT = Path(__file__).resolve().parents[3] / "deploy/redis/cluster.py"


def operate(cluster: LabCluster, *step: str) -> None:
    """Run the operator's script."""
    environment = os.environ | {"OPERATOR_REDIS_URL": cluster.operator_url()}
    command = [sys.executable, str(_SCRIPT), *step]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=AWAIT_SECONDS
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def nodes_are_upgraded(experiment: Experiment) -> Iterator[None]:
    """Replicas first; then a new replica of each shard takes over, and the old master follows.

    To the packaged Valkey, if the pace says so and the nodes began as something else; otherwise
    they are restarted one by one. Valkey 9.1 among nodes of Redis 7.0 is known to hang for good,
    now and then, which nobody can wait out: github.com/valkey-io/valkey/pull/651.
    """
    cluster = experiment.cluster
    if experiment.setting.pace.changes_server:
        with suppress(NoServerBinary):
            cluster.binary = packaged_server()
    for shard in cluster.shards():
        for replica in shard.replicas:
            _restart(cluster, replica)
        operate(cluster, "take-over", f"{HOST}:{shard.replicas[0].port}")
        _restart(cluster, shard.master)
    yield


def _restart(cluster: LabCluster, node: Node) -> None:
    node.stop()
    node.wait_until_stopped()
    cluster.restart(node)
    await_that(cluster.is_whole, "the cluster is not whole with the new node")


@contextmanager
def credentials_change(experiment: Experiment) -> Iterator[None]:
    """Both passwords are good while the server gets the new one; certificates just change."""
    cluster = experiment.cluster
    assert isinstance(cluster, SecuredCluster)
    installation, [server] = experiment.installation, experiment.servers
    made = json.loads(installation.manage("redis_acl", "--new-password", "--json"))
    cluster.access.write_users(made["line"])
    cluster.access.new_certificates()
    operate(cluster, "reload")
    url = installation.environment["REDIS_URL"]
    installation.environment["REDIS_URL"] = url.replace(cluster.access.password, made["password"])
    cluster.access.password = made["password"]
    server.stop()
    server.start()
    cluster.access.write_users(user_line("gatehouse", [made["password"]]))
    operate(cluster, "reload")
    for node in cluster.nodes():
        client: Any = node.client()
        client.client_kill_filter(_type="normal", skipme=True)  # new connections, new certificates
    yield
