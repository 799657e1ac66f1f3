"""Servers that run side by side, each on its own ground, over one cluster."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from authserver.local.cluster import LocalCluster
from authserver.local.ports import free_base_port
from benchmarks.peers.all import SERVERS
from benchmarks.peers.base import Grounds, Peer
from benchmarks.peers.installation import NotInstalled
from benchmarks.peers.paths import Asked
from benchmarks.peers.relying_party import SignInFailed
from tests.support.server import ProgramFailed

RESULTS = Path(__file__).parent / "results"


@dataclass
class Started:
    """A server that runs."""

    asked: Asked
    start_seconds: float
    resident_bytes: int = 0


@contextmanager
def running_servers(
    directory: Path,
    names: Sequence[str],
    servers: Mapping[str, type[Peer]] = SERVERS,
    *,
    masters: int = 3,
    replicas: int = 1,
    appendonly: bool = True,
) -> Iterator[dict[str, Started]]:
    """Run a cluster and servers until the block ends. One that does not start is left out."""
    cluster = LocalCluster(
        directory / "cluster",
        masters,
        replicas,
        base_port=free_base_port((1 + replicas) * masters),
        appendonly=appendonly,
        end_with_parent=True,
    )
    with ExitStack() as ending:
        ending.callback(cluster.stop)
        cluster.start()
        grounds, running = Grounds(directory, cluster), {}
        for name in names:
            peer = servers[name](grounds, free_base_port(1))
            say(f"{peer.title}: starting ...")
            ending.callback(_stop, peer)
            try:
                peer.install()
                running[name] = _start(peer)
            except (NotInstalled, ProgramFailed, SignInFailed) as reason:
                say(f"{peer.title} is left out: {reason}")
        yield running


def _start(peer: Peer) -> Started:
    started = time.monotonic()
    peer.start()
    seconds = time.monotonic() - started
    return Started(Asked(peer, peer.prepare(), peer.directory), seconds)


def _stop(peer: Peer) -> None:
    if hasattr(peer, "program"):
        peer.stop()


def say(text: str) -> None:
    """Tell how far it is, beside the results."""
    print(text, file=sys.stderr, flush=True)
