"""The way all scripts take to the cluster.

A script and the `WAIT` that makes its writes durable go to the slot's master in one packet. What a
cluster answers while it changes (a moved slot, a fail-over, a node that is gone) is followed or
waited out until a deadline; then, and only then, the caller gets `StoreUnavailable`.
"""

from __future__ import annotations

from typing import Any

from redis.crc import key_slot

from oidc.errors import StoreUnavailable
from oidc.stores.redis.address import parse_address
from oidc.stores.redis.answers import denies
from oidc.stores.redis.commands import CommandCluster, Commands
from oidc.stores.redis.connection import ReplyError, connector
from oidc.stores.redis.exchange import exchange
from oidc.stores.redis.fence import confirm_denial
from oidc.stores.redis.outage import ANYWHERE, Outages
from oidc.stores.redis.packets import packed
from oidc.stores.redis.patience import NOWHERE, Patience, waiting_rooms
from oidc.stores.redis.pool import NodePool
from oidc.stores.redis.script import Argument, Script
from oidc.stores.redis.topology import Topology
from oidc.stores.redis.unavailable import NodeOverloaded
from oidc.stores.redis.verdicts import NotNow, judge

EVERY_REPLICA = -1
"""Instead of a number: every replica that the cluster has not given up, and one at least.

Whichever of them takes over then knows all that was acknowledged, also where a master and a replica
of its own are cut off together, or a master is replaced that goes on serving.
"""
_MOST_DETOURS = 4
"""Redirections and unknown scripts in one attempt."""


class Cluster:
    """Runs scripts on the master of their slot."""

    def __init__(
        self, url: str, *, wait_replicas: int | None = None, deadline_seconds: float = 5.0
    ) -> None:
        self._wait_replicas = wait_replicas
        self._deadline_seconds = deadline_seconds
        self._rooms = waiting_rooms()
        address = parse_address(url)
        self.topology = Topology(address.seeds, connector(address.options))
        self._commands = Commands(address.options, self)
        self.topology.followers.append(self._commands.follow)
        self._outages = Outages(self.topology.node_of_slot)

    def run_script(
        self, script: Script, keys: list[str], arguments: list[Argument], *, write: bool
    ) -> Any:
        """Run a script on the slot of its keys; return its reply.

        `write`: return only when enough replicas have confirmed. Until then the script is sent
        again with the same arguments, so a writing script must answer the same caller alike.

        Redis: one round trip, unless the cluster is changing; two where the answer is that
        something is gone, see `fence`.

        Raises:
            StoreUnavailable: no confirmed answer before the deadline.
            ReplyError: the script is wrong.
        """
        slot = key_slot(keys[0].encode())
        with self.new_patience() as patience:
            while True:
                try:
                    reply = self._attempt(slot, script, keys, arguments, write, patience)
                except NotNow as failure:
                    refresh = failure.refresh
                    self.wait(patience, str(failure), refresh=refresh, slot=slot, write=write)
                    continue
                except NodeOverloaded:
                    raise
                except StoreUnavailable as refusal:
                    self._outages.note_failure(slot, str(refusal), write=write)
                    raise
                self._outages.note_answer(slot, write=write)
                return reply

    def post(self, command: str, key: str, *arguments: str) -> None:
        """Send a command to the node of its key; wait for nothing, and take what becomes of it.

        Redis: no round trip. The connection of the last script carries it.
        """
        pool = self.topology.pool_of_slot(key_slot(key.encode()))
        connection = pool.take_idle() if pool else None
        if pool is None or connection is None:
            return
        try:
            connection.post(packed(command, key, *arguments))
        finally:
            pool.release(connection)

    def known_topology(self) -> Topology:
        """Return the map of slots, after it has been read once.

        Raises:
            StoreUnavailable: no node answered before the deadline.
        """
        with self.new_patience() as patience:
            while not self.topology.nodes:
                self.wait(patience, self.topology.last_error or "not connected", refresh=True)
        return self.topology

    def commands(self) -> CommandCluster:
        """Return redis-py's client of this cluster, for what is no script (the cache).

        Raises:
            StoreUnavailable: no node answered before the deadline.
        """
        with self.new_patience() as patience:
            while (commands := self._commands.client) is None:
                if self.topology.nodes:  # not the cluster is away, just this client of it
                    reason = f"no cache: {self._commands.last_error or 'not connected'}"
                    patience.wait(reason, NOWHERE, self.topology.refresh())
                else:
                    self.wait(patience, self.topology.last_error or "not connected", refresh=True)
        return commands

    def new_patience(self) -> Patience:
        """Return the patience of one call that begins now."""
        return Patience(self._deadline_seconds, self._rooms)

    def wait(
        self,
        patience: Patience,
        reason: str,
        *,
        refresh: bool,
        slot: int = ANYWHERE,
        write: bool = False,
    ) -> None:
        """Wait before another attempt, with a fresh map if asked for.

        Raises:
            StoreUnavailable: the deadline has passed, or too many wait already.
        """
        node = NOWHERE if slot == ANYWHERE else self.topology.node_of_slot(slot)
        try:
            patience.wait(reason, node, self.topology.refresh() if refresh else None)
        except StoreUnavailable:
            self._outages.note_failure(slot, reason, write=write)
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
        replicas = self._replicas(slot) if write else 0
        asking = False
        reply = exchange(pool, packet, replicas, patience)
        for _ in range(_MOST_DETOURS):
            if type(reply) is not ReplyError:
                break
            if reply.code == "MOVED":
                self.topology.move_slot(reply.message, pool)
                pool, asking = self._pool(slot), False
            elif reply.code == "ASK" and not script.reads_found_keys:
                pool, asking = self.topology.pool_of_redirect(reply.message, pool), True
            elif reply.code == "NOSCRIPT":
                packet = script.pack_with_source(keys, arguments)
            else:
                break
            reply = exchange(pool, packet, replicas, patience, asking=asking)
        if type(reply) is ReplyError:
            judge(reply)
        elif denies(reply):
            confirm_denial(pool, keys[0], self._replicas(slot), patience, asking=asking)
        return reply

    def _pool(self, slot: int) -> NodePool:
        pool = self.topology.pool_of_slot(slot)
        if pool is None:
            raise NotNow(self.topology.last_error or "no node holds the slot", refresh=True)
        return pool

    def _replicas(self, slot: int) -> int:
        """Return how many replicas have to confirm a write."""
        if self._wait_replicas == EVERY_REPLICA:
            self.topology.refresh_now_and_then()  # one may be back
            return max(self.topology.replicas_of_slot(slot), 1)
        if self._wait_replicas is not None:
            return self._wait_replicas
        if not self.topology.has_replicas:
            self.topology.refresh_now_and_then()  # they may join any time
        return 1 if self.topology.has_replicas else 0

    def close(self) -> None:
        """Close the connections that nobody uses."""
        self.topology.close()
        self._commands.close()
