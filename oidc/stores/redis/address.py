"""Where the cluster is: `REDIS_URL` taken apart.

One or more seeds, separated by commas: `rediss://user:password@host:port?ssl_ca_certs=/path`. What
one seed says about user, password and TLS holds for every node; a seed without a scheme has the
first one's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from redis.connection import SSLConnection, parse_url
from redis.exceptions import RedisError

from oidc.errors import BadSetting
from oidc.stores.redis.connection import connector
from oidc.stores.redis.slots import Place

DEFAULT_PORT = 6379
_SEED = "REDIS_URL: a seed is redis://[user:password@]host[:port], or rediss:// for TLS"


@dataclass(frozen=True, slots=True)
class Address:
    """Seeds, and the options of a connection to any node, as redis-py names them."""

    seeds: tuple[tuple[str, int], ...]
    options: dict[str, Any]


def parse_address(url: str) -> Address:
    """Take a `REDIS_URL` apart.

    Raises:
        BadSetting: not such a URL. The text never repeats it, for the password's sake.
    """
    seeds: list[tuple[str, int]] = []
    options: dict[str, Any] = {}
    scheme = url.strip().partition("://")[0]
    for part in filter(None, (part.strip() for part in url.split(","))):
        seed = _parse_seed(part if "://" in part else f"{scheme}://{part}")
        seeds.append((seed.pop("host"), seed.pop("port", DEFAULT_PORT)))
        if seed.pop("connection_class", None) is SSLConnection:
            seed["ssl"] = True
        options.update(seed)
    if not seeds:
        raise BadSetting("REDIS_URL names no seed")
    _check(options)
    return Address(tuple(seeds), options)


def _parse_seed(url: str) -> dict[str, Any]:
    try:
        seed: dict[str, Any] = parse_url(url)
    except (ValueError, TypeError) as error:
        raise BadSetting(_SEED) from error
    if "host" not in seed or seed.pop("db", 0):
        raise BadSetting(_SEED)
    return seed


def _check(options: dict[str, Any]) -> None:
    """Refuse what no connection can be made with, before one is needed."""
    try:
        connector(options)(Place("localhost", DEFAULT_PORT))
    except (TypeError, ValueError, RedisError) as error:
        raise BadSetting(f"REDIS_URL: an option is unknown or wrong: {error}") from error
