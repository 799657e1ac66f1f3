"""Two failures: a master dies and comes back, another one hangs for a while."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from redis.exceptions import RedisError

from authserver.local.cluster import LocalCluster
from authserver.local.node import Node

AWAY_SECONDS = 12.0
"""Longer than a fail-over takes."""
FELT_SECONDS = 30.0
"""From the strike until nothing of it may be seen any more: the node is back, and has its data."""


class Failures:
    """Strikes one cluster, and repairs what it did."""

    def __init__(self, cluster: LocalCluster) -> None:
        self._cluster = cluster
        self._struck_at = float("-inf")
        self._kinds: list[Callable[[Node], None]] = [self._die, self._hang]
        self._repairs: list[threading.Timer] = []

    def strike(self) -> None:
        """Do the next failure to a master. It is repaired by itself, later."""
        kind = self._kinds.pop(0)
        self._struck_at = time.monotonic()
        kind(self._masters()[0])

    def are_felt(self) -> bool:
        """Tell whether the last one may still be seen."""
        return time.monotonic() - self._struck_at < FELT_SECONDS

    def end(self) -> None:
        """Wait for the repairs."""
        for repair in self._repairs:
            repair.join()

    def data_of_masters(self) -> tuple[int, int]:
        """Return the bytes that masters use for data, and how many keys they have."""
        used, keys = 0, 0
        for node in self._masters():
            with suppress(RedisError):  # it has just been struck
                used += int(node.client().info("memory")["used_memory_dataset"])
                keys += int(node.client().dbsize())
        return used, keys

    def _masters(self) -> list[Node]:
        return [node for node in self._cluster.nodes() if _is_master(node)]

    def _die(self, node: Node) -> None:
        self._cluster.kill(node)
        self._later(lambda: self._cluster.restart(node))

    def _hang(self, node: Node) -> None:
        node.send_signal(signal.SIGSTOP)
        self._later(lambda: node.send_signal(signal.SIGCONT))

    def _later(self, repair: Callable[[], None]) -> None:
        timer = threading.Timer(AWAY_SECONDS, repair)
        self._repairs.append(timer)
        timer.start()


def _is_master(node: Node) -> bool:
    try:
        return bool(node.client().info("replication")["role"] == "master")
    except RedisError:
        return False
