"""The public keys of a client: registered with it, or fetched from its `jwks_uri`.

Spec: OpenID Connect Core 1.0 section 10.1; RFC 7517 section 5.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, TypeVar

import structlog

from accounts.split_url import find_host
from oidc.clients.jwk import PublicKey, parse_jwk
from oidc.clients.record import Client
from oidc.clients.remote import FetchFailed, fetch_json
from oidc.clients.waiting import KEYS, Tenant, a_seat
from oidc.errors import ProtocolError

FRESH_SECONDS = 300
"""How long fetched keys are used without a question; a key taken back lives on for that long."""
STALE_SECONDS = 3_600
"""How long they are used while the client's server does not answer."""
PAUSE_SECONDS = 10
"""Between two attempts: a flood of made-up key ids reaches the client's server as a trickle."""
MOST_SETS = 1_000
_MOST_KEYS = 50

log = structlog.get_logger(__name__)
Value = TypeVar("Value")
Choice = Callable[[Iterable[PublicKey]], list[PublicKey]]


class RemoteKeySet:
    """The keys behind one `jwks_uri`, in the memory of this process."""

    def __init__(self, jwks_uri: str) -> None:
        self._jwks_uri = jwks_uri
        self._keys: tuple[PublicKey, ...] = ()
        self._fetched_at = -math.inf
        self._tried_at = -math.inf
        self._lock = threading.Lock()

    def keys(self, tenant: Tenant) -> tuple[PublicKey, ...]:
        """Return the keys, fetched anew if they are old. Only who has none waits for others.

        `tenant`: in whose name they are asked for.

        Raises:
            ProtocolError: 503, because there are none, and too many wait for some already.
        """
        if not self._keys:
            self.refresh(tenant, wait=True)
        elif self._age() > FRESH_SECONDS:
            with suppress(ProtocolError):  # too many wait: the old ones will do
                self.refresh(tenant, wait=False)
        return self._keys if self._age() <= STALE_SECONDS else ()

    def refresh(self, tenant: Tenant, *, wait: bool) -> None:
        """Fetch the keys, unless that was tried moments ago. Keeps the old ones on a failure.

        Raises:
            ProtocolError: 503, because too many wait for servers of clients already.
        """
        with a_seat(KEYS, tenant):
            if not self._lock.acquire(blocking=wait):
                return
            try:
                if time.monotonic() >= self._tried_at + PAUSE_SECONDS:
                    self._fetch()
            finally:
                self._lock.release()

    def _fetch(self) -> None:
        self._tried_at = time.monotonic()
        try:
            self._keys = _readable_keys(fetch_json(self._jwks_uri))
            self._fetched_at = time.monotonic()
        except FetchFailed as error:
            host = find_host(self._jwks_uri)
            log.warning("jwks_uri_not_fetched", host=host, reason=str(error))

    def _age(self) -> float:
        return time.monotonic() - self._fetched_at


_remote_sets: dict[str, RemoteKeySet] = {}
_inline_sets: dict[str, tuple[dict[str, Any], tuple[PublicKey, ...]]] = {}
_lock = threading.Lock()


def client_keys(client: Client, kid: str | None, alg: str) -> list[Any]:
    """Return the keys of a client that may have made a signature, ready for PyJWT.

    Without a `kid` there must be no doubt which key is meant. A key id that is not known is
    looked for at the client's `jwks_uri` once more: that is how clients change their keys.
    """
    return published_keys(client.as_tenant, client.jwks, client.jwks_uri, kid, alg)


def published_keys(
    owner: Tenant, jwks: dict[str, Any] | None, jwks_uri: str, kid: str | None, alg: str
) -> list[Any]:
    """Return the fitting keys of anybody who publishes some, like `client_keys`."""
    keys = _choose(owner, jwks, jwks_uri, lambda keys: _fitting(keys, kid, alg))
    return [key.key for key in keys]


def encryption_key(client: Client, alg: str) -> PublicKey | None:
    """Return the key to encrypt to; None if the client publishes none for this algorithm.

    One that says `use` is `enc` is taken before one that does not say (Core section 10.2).
    """
    keys = _choose(client.as_tenant, client.jwks, client.jwks_uri, lambda keys: _serving(keys, alg))
    return min(keys, key=lambda key: key.use != "enc", default=None)


def _choose(
    owner: Tenant, jwks: dict[str, Any] | None, jwks_uri: str, choice: Choice
) -> list[PublicKey]:
    """Choose among somebody's keys; if none will do, once more among those fetched anew."""
    if jwks is not None:
        return choice(_inline_keys(owner.name, jwks))
    if not jwks_uri:
        return []
    key_set = _remote_set(jwks_uri)
    chosen = choice(key_set.keys(owner))
    if not chosen:
        key_set.refresh(owner, wait=True)
        chosen = choice(key_set.keys(owner))
    return chosen


def _serving(keys: Iterable[PublicKey], alg: str) -> list[PublicKey]:
    return [key for key in keys if alg in key.algs]


def _fitting(keys: Iterable[PublicKey], kid: str | None, alg: str) -> list[PublicKey]:
    """Choose by algorithm and key id. A key without an id answers to every id."""
    serving = _serving(keys, alg)
    if kid is not None:
        return [key for key in serving if key.kid in ("", kid)]
    return serving if len(serving) == 1 else []


def _inline_keys(client_id: str, jwks: dict[str, Any]) -> tuple[PublicKey, ...]:
    """Return registered keys, parsed once for each copy of the client's record."""
    known = _inline_sets.get(client_id)
    if known is not None and known[0] is jwks:
        return known[1]
    keys = _readable_keys(jwks)
    _put(_inline_sets, client_id, (jwks, keys))
    return keys


def _remote_set(jwks_uri: str) -> RemoteKeySet:
    known = _remote_sets.get(jwks_uri)
    if known is None:
        known = _put(_remote_sets, jwks_uri, RemoteKeySet(jwks_uri))
    return known


def _put(sets: dict[str, Value], name: str, value: Value) -> Value:
    """Keep a set; the one that came first makes room."""
    with _lock:
        sets.pop(name, None)
        while len(sets) >= MOST_SETS:
            del sets[next(iter(sets))]
        sets[name] = value
    return value


def _readable_keys(document: Any) -> tuple[PublicKey, ...]:
    """Return the keys of a set that can be used here. Others are skipped, as RFC 7517 asks."""
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise FetchFailed("not a JWK set")
    keys = []
    for entry in entries[:_MOST_KEYS]:
        try:
            keys.append(parse_jwk(entry))
        except ValueError:
            continue
    return tuple(keys)
