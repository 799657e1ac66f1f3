"""Fills a cluster with copies of a grant that the server has made, each for a person of its own."""

from __future__ import annotations

import itertools
import secrets
import string
from collections.abc import Iterator, Sequence
from typing import Any

from redis.cluster import key_slot  # type: ignore[attr-defined]

from authserver.local.node import Node

BATCH = 2000
MONTH_MS = 30 * 24 * 3600 * 1000
_ALPHABET = string.ascii_letters + string.digits + "-_"
_KINDS = ("grant", "sid", "user")


def add_grants(nodes: Sequence[Node], templates: dict[str, bytes], count: int) -> None:
    """Add grants with the session and the index of their person, the same number to each master.

    The content of a record does not tell its place: a copy under another name is another person's.
    """
    masters = _masters(nodes)
    for node in masters:
        buckets = itertools.cycle(_buckets_of(node))
        left = count // len(masters)
        while left > 0:
            _add_batch(node.client(), templates, buckets, min(left, BATCH))
            left -= BATCH
    for node in masters:
        node.client().wait(1, 60_000)


def templates_of(nodes: Sequence[Node]) -> dict[str, bytes]:
    """Return one record of each kind, as Redis dumps it.

    To be called before any load: the index of a person grows with each of their sign-ins.
    """
    masters, found = _masters(nodes), dict[str, bytes]()
    for kind in _KINDS:
        for node in masters:
            name = next(node.client().scan_iter(match=f"{kind}:*", count=1000), None)
            if name:
                found[kind] = _raw(node).dump(name)
                break
    return found


def _masters(nodes: Sequence[Node]) -> list[Node]:
    return [node for node in nodes if node.client().info("replication")["role"] == "master"]


def _raw(node: Node) -> Any:
    """Return a client that leaves bytes as they are."""
    from redis import Redis

    return Redis(port=node.port, protocol=2)


def _buckets_of(node: Node, most: int = 5000) -> list[str]:
    """Return buckets whose slots a master owns."""
    mine = next(one for one in node.cluster("NODES").values() if "myself" in one["flags"])
    ranges = [range(int(low), int(high) + 1) for low, high in mine["slots"]]
    names = ("".join(letters) for letters in itertools.product(_ALPHABET, repeat=3))
    owned = (name for name in names if any(key_slot(name.encode()) in one for one in ranges))
    return list(itertools.islice(owned, most))


def _add_batch(client: Any, records: dict[str, bytes], buckets: Iterator[str], count: int) -> None:
    pipeline = client.pipeline(transaction=False)
    for _ in range(count):
        bucket = next(buckets)
        for kind, record in records.items():
            name = f"{kind}:{{{bucket}}}:{secrets.token_urlsafe(16)}"
            pipeline.restore(name, MONTH_MS, record)
    pipeline.execute()
