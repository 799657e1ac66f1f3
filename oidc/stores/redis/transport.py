"""Whether the way to the cluster is encrypted, as far as `REDIS_URL` tells."""

from __future__ import annotations

from ipaddress import ip_address

from oidc.conf import configuration
from oidc.stores.redis.address import parse_address


def transport_problem() -> str:
    """Tell in plain words why this process must not talk to its cluster; mostly nothing."""
    if configuration().redis_plaintext_allowed:
        return ""
    address = parse_address(configuration().redis_url)
    if address.options.get("ssl"):
        return ""
    hosts = sorted({host for host, _ in address.seeds if not _is_loopback(host)})
    if not hosts:
        return ""
    return (
        f"REDIS_URL leads to {', '.join(hosts)} without encryption: use rediss://, or set "
        "GATEHOUSE_REDIS_PLAINTEXT=allow where nobody else can listen."
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
