"""One Redis Cluster for a whole test run, shared by all its processes.

The first process that asks for the address chooses it and is the owner; it leaves the address in
the environment, where the workers of pytest-xdist and every other child process find it. A run
inside an existing cluster: `REDIS_URL=... GATEHOUSE_TEST_REUSE_CLUSTER=1 pytest`.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from authserver.local.cluster import LocalCluster
from authserver.local.ports import free_base_port

REUSE = "GATEHOUSE_TEST_REUSE_CLUSTER"
_PREFIX = "gatehouse-tests-"
_NODES = 6

_owned: LocalCluster | None = None


def redis_url() -> str:
    """Return the seeds of this run's cluster, which may not have been started yet."""
    global _owned
    if os.environ.get(REUSE) == "1" and os.environ.get("REDIS_URL"):
        return os.environ["REDIS_URL"]
    directory = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-")
    # No append-only files: a test that needs a node to come back with its data makes its own.
    _owned = LocalCluster(directory, base_port=free_base_port(_NODES), appendonly=False)
    os.environ.update({"REDIS_URL": _owned.url, REUSE: "1"})
    return _owned.url


def owned_cluster() -> LocalCluster | None:
    """Return the cluster if this process has to start and stop it."""
    return _owned


def remove(cluster: LocalCluster) -> None:
    """Stop a cluster and forget all that it stored."""
    cluster.stop()
    shutil.rmtree(cluster.directory, ignore_errors=True)


def remove_abandoned() -> None:
    """Stop clusters of test runs that were killed before they could do it."""
    for directory in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        pid = directory.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdigit() and not Path("/proc", pid).exists():
            remove(LocalCluster(directory))
