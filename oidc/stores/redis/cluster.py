"""The one owner of this process's connections to the Redis Cluster.

It connects when it is first needed, again after a fork, and to another place when the
configuration says so. How scripts find their way is the matter of `runner`.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from oidc.conf import Configuration, configuration
from oidc.stores.redis.runner import Cluster
from oidc.stores.redis.script import Argument, Script

_cluster: Cluster | None = None
_owned_for: Configuration | None = None
_lock = threading.Lock()


def cluster() -> Cluster:
    """Return the cluster of this process. It connects on first use, and again whenever it must."""
    if _cluster is None or _owned_for is not configuration():
        return _take_over(configuration())
    return _cluster


def run_script(script: Script, keys: list[str], arguments: list[Argument], *, write: bool) -> Any:
    """Run a script on the cluster of this process: see `Cluster.run_script`."""
    return cluster().run_script(script, keys, arguments, write=write)


def post(command: str, key: str, *arguments: str) -> None:
    """Send a command to the cluster of this process: see `Cluster.post`."""
    cluster().post(command, key, *arguments)


def _take_over(wanted: Configuration) -> Cluster:
    global _cluster, _owned_for
    with _lock:
        if _cluster is None or _owned_for is None or _where(_owned_for) != _where(wanted):
            if _cluster is not None:
                _cluster.close()
            _cluster = Cluster(
                wanted.redis_url,
                wait_replicas=wanted.redis_wait_replicas,
                deadline_seconds=wanted.redis_deadline_seconds,
            )
        _owned_for = wanted
        return _cluster


def _where(wanted: Configuration) -> tuple[str, int | None, float]:
    return wanted.redis_url, wanted.redis_wait_replicas, wanted.redis_deadline_seconds


def _forget_parents_cluster() -> None:
    """After a fork the sockets are the parent's: leave them alone, and connect anew."""
    global _cluster, _owned_for, _lock
    _cluster, _owned_for, _lock = None, None, threading.Lock()


os.register_at_fork(after_in_child=_forget_parents_cluster)
