"""Django's cache on the cluster, through django-redis and the one owner of the connections.

What is cached may be lost at any time, so nothing waits for replicas here. But an unreachable
cluster is `StoreUnavailable`, never an empty cache: rate limits are counted in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django_redis.client import DefaultClient
from django_redis.client.default import glob_escape
from django_redis.pool import ConnectionFactory

from oidc.stores.redis.cluster import cluster

LONGEST_SECONDS = 30 * 24 * 3600
"""The lifetime of what is cached "for ever": no key may stay without an end."""

_ITERATION_SIZE = 500


class ClusterConnectionFactory(ConnectionFactory):  # type: ignore[misc]
    """Hands out the client of the process's cluster; closing it is its owner's affair."""

    def connect(self, url: str) -> Any:
        return cluster().commands()

    def disconnect(self, connection: Any) -> None:
        pass


class ClusterClient(DefaultClient):  # type: ignore[misc]
    """The cache API of Django. Data structures and locks of django-redis are not provided for."""

    # The client is asked for each time: after a fork it is another one.

    def get_client(self, write: bool = True, tried: list[int] | None = None) -> Any:
        return self.connect()

    def get_client_with_index(
        self, write: bool = True, tried: list[int] | None = None
    ) -> tuple[Any, int]:
        return self.connect(), 0

    # --- An end for every key -----------------------------------------------------------------

    def set(
        self,
        key: str,
        value: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        stored: bool = super().set(key, value, self._limited(timeout), *args, **kwargs)
        return stored

    def touch(
        self, key: str, timeout: float | None = DEFAULT_TIMEOUT, *args: Any, **kwargs: Any
    ) -> bool:
        touched: bool = super().touch(key, self._limited(timeout), *args, **kwargs)
        return touched

    def persist(self, key: str, *args: Any, **kwargs: Any) -> bool:
        return self.touch(key, None, *args, **kwargs)

    def incr(
        self,
        key: str,
        delta: int = 1,
        version: int | None = None,
        client: Any = None,
        ignore_key_check: bool = False,
    ) -> int:
        if ignore_key_check:
            self.add(key, 0, version=version, client=client)
        value: int = super().incr(key, delta, version=version, client=client)
        return value

    def _limited(self, timeout: Any) -> float:
        seconds = self._backend.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return LONGEST_SECONDS if seconds is None else min(seconds, LONGEST_SECONDS)

    # --- Many keys: they lie in many slots ------------------------------------------------------

    def get_many(
        self, keys: Collection[str], version: int | None = None, client: Any = None
    ) -> dict[str, Any]:
        names = {self.make_key(key, version=version): key for key in keys}
        if not names:
            return {}
        values = (client or self.get_client()).mget_nonatomic(list(names))
        pairs = zip(names.values(), values, strict=True)
        return {key: self.decode(value) for key, value in pairs if value is not None}

    def set_many(
        self,
        data: dict[str, Any],
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
        client: Any = None,
    ) -> None:
        for key, value in data.items():
            self.set(key, value, timeout, version=version, client=client)

    def keys(self, search: str, version: int | None = None, client: Any = None) -> list[str]:
        return list(self.iter_keys(search, _ITERATION_SIZE, client=client, version=version))

    def delete_pattern(
        self,
        pattern: str,
        version: int | None = None,
        prefix: str | None = None,
        client: Any = None,
        itersize: int | None = None,
    ) -> int:
        return self._delete_matching(self.make_pattern(pattern, version=version, prefix=prefix))

    def clear(self, client: Any = None) -> None:
        """Forget what was cached, in every version, and nothing else that is on the cluster."""
        self._delete_matching(f"{glob_escape(self._backend.key_prefix)}:*")

    def _delete_matching(self, pattern: str) -> int:
        client = self.get_client()
        names: Iterable[bytes] = client.scan_iter(match=pattern, count=_ITERATION_SIZE)
        return sum(client.delete(name) for name in names)
