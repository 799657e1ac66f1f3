"""How many bytes one of each record takes in the cluster: `python -m benchmarks.redis_sizes`.

It starts a node of its own, stores many records of each kind through the stores, as the server
does, and divides what the node's memory grew by. So the figures hold everything: names of keys,
expiry, tables, the allocator's rounding. `MEMORY USAGE`, which sees one key alone, stands beside.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MANY = 10_000
HOUR, MONTH = 3600, 30 * 24 * 3600


@dataclass(frozen=True)
class Size:
    """Bytes of one record: with everything, and of its own key alone."""

    kind: str
    bytes_in_all: int
    bytes_of_key: int


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "authserver.settings")
    os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))
    from authserver.local.cluster import LocalCluster
    from authserver.local.ports import free_base_port

    with tempfile.TemporaryDirectory() as directory:
        cluster = LocalCluster(Path(directory), 1, 0, base_port=free_base_port(1), appendonly=False)
        cluster.start()
        try:
            os.environ["REDIS_URL"] = cluster.url
            import django

            django.setup()
            _report(cluster.nodes()[0].client(), _sizes(cluster.nodes()[0].client()))
        finally:
            cluster.stop()


def _report(node: Any, sizes: list[Size]) -> None:
    server = node.info("server")
    print(
        f"{server.get('server_name', 'redis')} {server['redis_version']}, {MANY:,} records each\n"
    )
    print("| record | bytes in all | of its own key |\n|---|---:|---:|")
    for size in sizes:
        print(f"| {size.kind} | {size.bytes_in_all:,} | {size.bytes_of_key:,} |")


def _sizes(node: Any) -> list[Size]:
    from benchmarks import redis_records as records

    return [
        _measure(node, "browser session", records.store_browser_session, "session:*"),
        _measure(node, "session of sign-on", records.store_sign_on, "sid:*"),
        _measure(node, "code, with its session", records.store_code, "code:*"),
        _measure(node, "grant, with its session", records.store_grant, "grant:*", but="code:*"),
        _measure(node, "interaction", records.store_interaction, "interaction:*"),
        _measure(node, "replay guard", records.store_guard, "replay:*"),
    ]


def _measure(
    node: Any, kind: str, store: Callable[[], None], pattern: str, *, but: str = ""
) -> Size:
    """`but`: what is stored on the way, and is gone again two minutes later."""
    store()  # the script itself, and what every kind needs once
    before = _used(node)
    for _ in range(MANY):
        store()
    for name in node.scan_iter(match=but, count=1000) if but else ():
        node.unlink(name)
    grown = _used(node) - before
    key = next(node.scan_iter(match=pattern, count=1000))
    size = Size(kind, round(grown / MANY), int(node.memory_usage(key)))
    node.flushall()
    return size


def _used(node: Any) -> int:
    """Return the bytes in use without those of its clients, once they have come to rest."""
    time.sleep(0.5)
    memory = node.info("memory")
    return int(memory["used_memory"]) - int(memory["mem_clients_normal"])


if __name__ == "__main__":
    sys.exit(main())
