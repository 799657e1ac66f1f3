"""Keys that would stay for ever: there must be none."""

from __future__ import annotations

from redis.cluster import ClusterNode, RedisCluster

from oidc.stores.redis.address import parse_address

_NO_EXPIRY = -1


def keys_without_expiry(url: str) -> list[str]:
    """Scan all masters of a cluster. Returns the names of all keys without a time to live."""
    address = parse_address(url)
    seeds = [ClusterNode(*seed) for seed in address.seeds]
    cluster = RedisCluster(startup_nodes=seeds, protocol=2, **address.options)
    found: list[str] = []
    try:
        for node in cluster.get_primaries():
            client = node.redis_connection
            names = list(client.scan_iter(count=1000))
            pipeline = client.pipeline(transaction=False)
            for name in names:
                pipeline.ttl(name)
            lifetimes = pipeline.execute()
            found += [
                name.decode(errors="replace")
                for name, lifetime in zip(names, lifetimes, strict=True)
                if lifetime == _NO_EXPIRY
            ]
    finally:
        cluster.close()
    return found
