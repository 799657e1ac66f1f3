"""One cluster, the servers in front of it, and faults that strike under load."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from redis.crc import key_slot

from authserver.local.ports import free_base_port
from oidc.stores.buckets import bucket_of
from tests.reliability.lab.checker import Violation, check
from tests.reliability.lab.cluster import LabCluster, Shard
from tests.reliability.lab.faults import Fault
from tests.reliability.lab.growing import GrowingCluster
from tests.reliability.lab.history import History, Operation
from tests.reliability.lab.load import Load, loaded
from tests.reliability.lab.namespaces import NamespacedCluster, may_be_made
from tests.reliability.lab.network import ProxiedCluster
from tests.reliability.lab.pace import SHORT, Pace
from tests.reliability.lab.secured import SecuredCluster
from tests.reliability.lab.seed import Seed
from tests.reliability.lab.world import PEOPLE_PER_SHARD, World, populate
from tests.support.server import Installation, Program, install, running

_WHOLE = "authserver.wsgi:application"
_BROKEN = "tests.reliability.lab.broken:application"
ALL = -1
"""Every replica that the cluster has not given up confirms."""


@dataclass(frozen=True)
class Setting:
    """What stands when a fault strikes. `wait`: replicas that confirm each write, or `ALL`."""

    masters: int = 3
    replicas: int = 2
    wait: int = 1
    partitioned: bool = False
    """Nodes and two servers are joined by a network that can be cut: by namespaces, if we may."""
    proxied: bool = False
    """The same by proxies, everywhere; they can also be slow."""
    secured: bool = False
    """TLS with client certificates, and a user with the fewest rights."""
    node_timeout_ms: int = 2000
    pace: Pace = SHORT
    breakage: str = ""
    """What is broken in the stores on purpose, see `lab.broken`."""

    def kind_of_cluster(self) -> type[LabCluster]:
        if self.proxied or (self.partitioned and not may_be_made()):
            return ProxiedCluster
        if self.partitioned:
            return NamespacedCluster
        return SecuredCluster if self.secured else GrowingCluster

    @property
    def can_be_cut(self) -> bool:
        return self.partitioned or self.proxied

    def serves_with(self, replicas: int) -> bool:
        """Tell whether a shard takes writes that has so many replicas left."""
        return replicas >= (1 if self.wait == ALL else self.wait)


@dataclass(frozen=True)
class Strike:
    """One fault, from its beginning until everybody was served again."""

    started: float
    ended: float
    struck: frozenset[str] = frozenset()
    """Actors whose shard was hit, where one was."""


@dataclass
class Result:
    """What a fault did."""

    operations: list[Operation]
    violations: list[Violation]
    strikes: list[Strike] = field(default_factory=list)
    fail_overs: int = 0
    """Elections. More than the fault explains: the machine itself stood still for a while."""

    def story(self) -> str:
        """Tell what went wrong, with all that happened to the first victim."""
        rules = Counter(violation.rule for violation in self.violations)
        lines = [f"{self.fail_overs} fail-overs", *(f"{n} x {rule}" for rule, n in rules.items())]
        if self.violations:
            victim = self.violations[0].operation
            lines += [str(strike) for strike in self.strikes] + [str(victim)]
            lines += [
                str(operation)
                for operation in self.operations
                if operation.actor == victim.actor
                and victim.started - 10 < operation.started <= victim.ended
            ]
        return "\n".join(lines)


class Bench:
    """An installation with its people; clusters come and go."""

    def __init__(self, directory: Path, people_per_shard: int = PEOPLE_PER_SHARD) -> None:
        self.directory = directory
        issuer = f"http://localhost:{free_base_port(1)}"
        self.installation = install(directory, issuer, "redis://127.0.0.1:1", LOG_LEVEL="INFO")
        self.world = populate(self.installation, people_per_shard=people_per_shard)

    @contextmanager
    def experiment(self, setting: Setting) -> Iterator[Experiment]:
        """Start a cluster and a server on it; both are gone after the block."""
        with ExitStack() as ending:
            cluster = ending.enter_context(self.cluster(setting))
            seed = Seed(lambda: [node.port for node in cluster.nodes()])
            ending.callback(seed.close)
            redis_url = cluster.url if setting.can_be_cut else cluster.server_url(seed.port)
            installation = self._on(redis_url, setting)
            # Never at the issuer's own address: servers of another experiment would share it.
            port, count = free_base_port(2), 2 if setting.can_be_cut else 1
            names = [f"server-{port + n}" for n in range(count)]
            urls = [f"http://{cluster.add_server(n)}:{port + i}" for i, n in enumerate(names)]
            world = replace(self.world, servers=tuple(urls))
            application = _BROKEN if setting.breakage else _WHOLE
            servers = [
                installation.server(url, application, cluster.inside_of(name))
                for url, name in zip(urls, names, strict=True)
            ]
            for server in servers:
                if isinstance(cluster, ProxiedCluster):
                    cluster.network.know_server(server.name, server.pids)
                ending.enter_context(running(server))
            yield Experiment(setting, installation, world, cluster, servers)

    @contextmanager
    def cluster(self, setting: Setting) -> Iterator[LabCluster]:
        """Start a cluster without a server."""
        directory = self.directory / f"cluster-{time.monotonic_ns()}"
        cluster = setting.kind_of_cluster()(
            directory, setting.masters, setting.replicas, setting.node_timeout_ms
        )
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.end()

    def _on(self, redis_url: str, setting: Setting) -> Installation:
        environment = self.installation.environment | {
            "REDIS_URL": redis_url,
            "REDIS_WAIT_REPLICAS": "all" if setting.wait == ALL else str(setting.wait),
            "GATEHOUSE_LAB_BREAKAGE": setting.breakage,
            "GATEHOUSE_REDIS_PLAINTEXT": "allow",  # nodes in namespaces are not on loopback
        }
        return replace(self.installation, environment=environment)


class Experiment:
    """A whole cluster with a server. Faults strike it one after the other."""

    def __init__(
        self,
        setting: Setting,
        installation: Installation,
        world: World,
        cluster: LabCluster,
        servers: Sequence[Program],
    ) -> None:
        self.world = world
        self.setting, self.installation = setting, installation
        self.cluster, self.servers = cluster, servers
        self.random = random.Random(1)
        self.load = Load(world)
        self.struck: frozenset[str] = frozenset()

    def choose_shard(self) -> Shard:
        """Choose a shard to be hit, and note who lives there."""
        shard = self.random.choice(self.cluster.shards())
        slots = set(shard.slots)
        people = zip(self.load.actors, self.world.people, strict=True)
        self.struck = frozenset(
            actor.name
            for actor, person in people
            if key_slot(bucket_of(person.sub).encode()) in slots
        )
        return shard

    def try_out(self, fault: Fault, times: int = 1) -> Result:
        """Let a fault strike under a fresh load; then ask for everything that must still hold."""
        warm_up = self.setting.pace.warm_up
        self.cluster.make_whole()
        fail_overs, strikes = self.cluster.fail_overs(), []
        with loaded(replace(self.world, history=History())) as self.load:
            self.load.await_each(done=warm_up)
            for _ in range(times):
                self.struck = frozenset()
                started = time.monotonic()
                with fault.strike(self):
                    self.load.await_each()
                    strikes.append(Strike(started, time.monotonic(), self.struck))
                self.cluster.make_whole()
                self.load.await_each(done=warm_up)
            self.load.finish(self.cluster.make_whole)
            operations = self.load.operations()
        violations = check(operations, may_lose=fault.may_lose_connections)
        return Result(operations, violations, strikes, self.cluster.fail_overs() - fail_overs)
