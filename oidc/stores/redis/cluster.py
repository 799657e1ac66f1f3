"""The one owner of this process's connections to the Redis Cluster, and the way all scripts take.

A script and the `WAIT` that makes its writes durable go to the slot's master in one packet. What a
cluster answers while it changes (a moved slot, a fail-over, a node that is gone) is followed or
waited out until a deadline; then, and only then, the caller gets `StoreUnavailable`.
"""

from __future__ import annotations

import os
import threading
from functools import lru_cache
from typing import Any

import hiredis
import structlog
from redis.crc import key_slot

from oidc.conf import Configuration, configuration
from oidc.errors import StoreUnavailable
from oidc.stores.redis.address import parse_address
from oidc.stores.redis.commands import CommandCluster, connector
from oidc.stores.redis.connection import ConnectionBroken, ReplyError
from oidc.stores.redis.counters import counters
from oidc.stores.redis.patience import Patience
from oidc.stores.redis.pool import NodePool
from oidc.stores.redis.script import Argument, Script
from oidc.stores.redis.topology import Topology

log = structlog.get_logger(__name__)

_WAIT_MILLISECONDS = 300
_ASKING = hiredis.pack_command((b"ASKING",))
_MOST_DETOURS = 4
_MOVING_CODES = frozenset({"ASK", "TRYAGAIN"})
_PASSING_CODES = _MOVING_CODES | {
    "MOVED", "CLUSTERDOWN", "MASTERDOWN", "LOADING", "READONLY", "NOREPLICAS", "BUSY",
}  # fmt: skip
"""Errors that end by themselves, and that a node answers before it has changed anything."""
_PASSING_TEXTS = ("non local key", "cluster is down")
"""The same, met by a command inside a script."""
_REFUSING_CODES = frozenset({"OOM", "MISCONF"})
"""Errors of a node that takes no writes and needs an operator."""


class _NotNow(Exception):
    """This attempt failed in a way that another one may not."""

    def __init__(self, reason: str, *, refresh: bool = False) -> None:
        super().__init__(reason)
        self.refresh = refresh


class Cluster:
    """Runs scripts on the master of their slot."""

    def __init__(
        self, url: str, *, wait_replicas: int | None = None, deadline_seconds: float = 5.0
    ) -> None:
        self._wait_replicas = wait_replicas
        self._deadline_seconds = deadline_seconds
        self._unavailable = False
        address = parse_address(url)
        self.topology = Topology(address, connector(address.options, self))

    def run_script(
        self, script: Script, keys: list[str], arguments: list[Argument], *, write: bool
    ) -> Any:
        """Run a script on the slot of its keys; return its reply.

        `write`: return only when enough replicas have confirmed. Until then the script is sent
        again with the same arguments, so a writing script must answer the same caller alike.

        Redis: one round trip, unless the cluster is changing.

        Raises:
            StoreUnavailable: no confirmed answer before the deadline.
            ReplyError: the script is wrong.
        """
        slot = key_slot(keys[0].encode())
        patience = self.new_patience()
        while True:
            try:
                reply = self._attempt(slot, script, keys, arguments, write, patience)
            except _NotNow as failure:
                self.wait(patience, str(failure), refresh=failure.refresh)
                continue
            if self._unavailable:
                self._note_available()
            return reply

    def post(self, command: str, key: str, *arguments: str) -> None:
        """Send a command to the node of its key; wait for nothing, and take what becomes of it.

        Redis: no round trip. The connection of the last script carries it.
        """
        pool = self.topology.pool_of_slot(key_slot(key.encode()))
        if pool is None:
            return
        try:
            connection = pool.acquire(0)
        except ConnectionBroken:
            return
        try:
            connection.post(_packed(command, key, *arguments))
        finally:
            pool.release(connection)

    def commands(self) -> CommandCluster:
        """Return redis-py's client of this cluster, for what is no script (the cache).

        Raises:
            StoreUnavailable: no node answered before the deadline.
        """
        patience = self.new_patience()
        while (commands := self.topology.cluster) is None:
            self.wait(patience, self.topology.last_error or "not connected", refresh=True)
        return commands

    def new_patience(self) -> Patience:
        """Return the patience of one call that begins now."""
        return Patience(self._deadline_seconds)

    def wait(self, patience: Patience, reason: str, *, refresh: bool) -> None:
        """Wait before another attempt, with a fresh map if asked for.

        Raises:
            StoreUnavailable: the deadline has passed.
        """
        try:
            patience.wait(reason, self.topology.refresh() if refresh else None)
        except StoreUnavailable:
            self._note_unavailable(reason)
            raise

    # --- One attempt --------------------------------------------------------------------------

    def _attempt(
        self,
        slot: int,
        script: Script,
        keys: list[str],
        arguments: list[Argument],
        write: bool,
        patience: Patience,
    ) -> Any:
        pool = self._pool(slot)
        packet = script.pack(keys, arguments)
        replicas = self._replicas() if write else 0
        asking = False
        reply = self._exchange(pool, packet, replicas, patience)
        for _ in range(_MOST_DETOURS):
            if type(reply) is not ReplyError:
                return reply
            if reply.code == "MOVED":
                self.topology.move_slot(reply.message)
                pool, asking = self._pool(slot), False
            elif reply.code == "ASK" and not script.reads_found_keys:
                pool, asking = self.topology.pool_of_address(*_host_and_port(reply.message)), True
            elif reply.code == "NOSCRIPT":
                packet = script.pack_with_source(keys, arguments)
            else:
                break
            reply = self._exchange(pool, packet, replicas, patience, asking=asking)
        if type(reply) is ReplyError:
            self._judge(reply)
        return reply

    def _pool(self, slot: int) -> NodePool:
        pool = self.topology.pool_of_slot(slot)
        if pool is None:
            raise _NotNow(self.topology.last_error or "no node holds the slot", refresh=True)
        return pool

    def _exchange(
        self,
        pool: NodePool,
        packet: bytes,
        replicas: int,
        patience: Patience,
        *,
        asking: bool = False,
    ) -> Any:
        """Send one script to one node; return its reply, an error as `ReplyError`."""
        count = 1
        if asking:
            packet, count = _ASKING + packet, 2
        if replicas:
            packet, count = packet + _wait_packet(replicas), count + 1
        try:
            connection = pool.acquire(patience.remaining())
            try:
                replies = connection.exchange(packet, count)
            finally:
                pool.release(connection)
        except ConnectionBroken as error:
            pool.close_idle()
            raise _NotNow(str(error), refresh=True) from error
        counters.round_trips += 1
        reply = replies[1] if asking else replies[0]
        if replicas and type(reply) is not ReplyError:
            confirmed = replies[-1]
            if type(confirmed) is not int or confirmed < replicas:
                raise _NotNow("not confirmed by enough replicas", refresh=True)
        return reply

    def _judge(self, error: ReplyError) -> None:
        """Turn an error reply into another attempt, unavailability or a defect."""
        if error.code in _PASSING_CODES:
            raise _NotNow(error.code, refresh=error.code not in _MOVING_CODES) from error
        if any(text in error.message for text in _PASSING_TEXTS):
            raise _NotNow(error.message) from error
        if error.code in _REFUSING_CODES:
            self._note_unavailable(error.code)
            raise StoreUnavailable(f"a node takes no writes: {error.code}") from error
        raise error

    def _replicas(self) -> int:
        if self._wait_replicas is not None:
            return self._wait_replicas
        if not self.topology.has_replicas:
            self.topology.refresh_now_and_then()  # they may join any time
        return 1 if self.topology.has_replicas else 0

    # --- One log line an outage -----------------------------------------------------------------

    def _note_unavailable(self, reason: str) -> None:
        if not self._unavailable:
            self._unavailable = True
            log.error("store_unavailable", reason=reason)

    def _note_available(self) -> None:
        self._unavailable = False
        log.info("store_available")

    def close(self) -> None:
        """Close the connections that nobody uses."""
        self.topology.close()


@lru_cache(maxsize=16)
def _wait_packet(replicas: int) -> bytes:
    return _packed(b"WAIT", replicas, _WAIT_MILLISECONDS)


def _packed(*parts: Any) -> bytes:
    packed: bytes = hiredis.pack_command(parts)  # its type knows one argument only
    return packed


def _host_and_port(redirect: str) -> tuple[str, int]:
    """Read the target of a redirection, `<slot> <host>:<port>`."""
    host, _, port = redirect.partition(" ")[2].rpartition(":")
    return host, int(port)


# --- The owner of this process ------------------------------------------------------------------

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
