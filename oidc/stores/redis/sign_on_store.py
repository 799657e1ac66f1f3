"""Sessions of sign-on on the cluster."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from oidc.conf import configuration
from oidc.errors import SessionEnded
from oidc.stores.buckets import bucket_of
from oidc.stores.records import SignOn
from oidc.stores.redis.answers import unwrap
from oidc.stores.redis.cluster import run_script
from oidc.stores.redis.keys import end_all_key, not_before_key, sid_key, user_key
from oidc.stores.redis.packing import unpack_sign_on
from oidc.stores.redis.pages import PAGE, all_rows
from oidc.stores.redis.script import Argument, load_script

_START = load_script("sign_ons_start", library="person")
_FIND = load_script("sign_ons_find", library="person")
_NOTE_CLIENT = load_script("sign_ons_note_client", library="person")
_END = load_script("sign_ons_end", library="person", reads_found_keys=True)
_END_ALL = load_script("sign_ons_end_all", library="person")
_SWEEP = load_script("sign_ons_sweep", library="person", reads_found_keys=True)
_LIST = load_script("sign_ons_list", library="person", reads_found_keys=True)

_TRACE_MS = 60_000
"""How long an ended session is remembered: longer than any request in flight."""

_MOST_PAIRS = 1000
"""Pairs of a session and a client in one page. One more session may add as many again."""

_CLOCK_SKEW_MS = 10_000
"""How far the clocks of two nodes may differ."""


class RedisSignOns:
    """See `stores.base.SignOns`.

    Redis: a hash with `user`, `start` (ms), a field `client:<client id>` for each client, numbered
    in the order of their first code, and for a minute after its end `ended`, the call that did it.
    """

    def start(self, user_id: str, sid: str, lifetime_seconds: int) -> SignOn:
        bucket = bucket_of(user_id)
        keys = [
            sid_key(bucket, sid),
            not_before_key(bucket, user_id),
            user_key(bucket, user_id),
        ]
        arguments: list[Argument] = [bucket, user_id, sid, lifetime_seconds * 1000]
        [start] = unwrap(run_script(_START, keys, arguments, write=True))
        return SignOn(sid=sid, user_id=user_id, started_at_ms=int(start))

    def find(self, user_id: str, sid: str) -> SignOn:
        bucket = bucket_of(user_id)
        keys = [sid_key(bucket, sid), not_before_key(bucket, user_id)]
        return unpack_sign_on(
            sid, unwrap(run_script(_FIND, keys, [bucket, user_id, sid], write=False))
        )

    def note_client(self, user_id: str, sid: str, client_id: str) -> None:
        bucket = bucket_of(user_id)
        keys = [sid_key(bucket, sid), not_before_key(bucket, user_id)]
        arguments: list[Argument] = [bucket, user_id, sid, client_id]
        unwrap(run_script(_NOTE_CLIENT, keys, arguments, write=True))

    def end(self, user_id: str, sid: str) -> SignOn | None:
        bucket = bucket_of(user_id)
        keys = [
            sid_key(bucket, sid),
            not_before_key(bucket, user_id),
            user_key(bucket, user_id),
        ]
        arguments: list[Argument] = [bucket, user_id, sid, _new_request_id(), _TRACE_MS]
        try:
            fields = unwrap(run_script(_END, keys, arguments, write=True))
        except SessionEnded:
            return None
        return unpack_sign_on(sid, fields)

    def end_all(self, user_id: str) -> None:
        bucket = bucket_of(user_id)
        keys = [
            not_before_key(bucket, user_id),
            user_key(bucket, user_id),
            end_all_key(bucket, user_id),
        ]
        arguments: list[Argument] = [
            _new_request_id(),
            _TRACE_MS,
            _longest_lifetime_ms(),
            _CLOCK_SKEW_MS,
        ]
        unwrap(run_script(_END_ALL, keys, arguments, write=True))

    def sweep(self, user_id: str) -> Iterator[list[tuple[str, str]]]:
        bucket = bucket_of(user_id)
        keys = [user_key(bucket, user_id), not_before_key(bucket, user_id)]
        rank, dead = 0, list[str]()
        while rank >= 0 or dead:
            size = PAGE if rank >= 0 else 0
            arguments: list[Argument] = [bucket, user_id, rank, size, _MOST_PAIRS, *dead]
            rank, dead, pairs = unwrap(run_script(_SWEEP, keys, arguments, write=True))
            yield list(zip(pairs[::2], pairs[1::2], strict=True))

    def list_for_user(self, user_id: str) -> list[SignOn]:
        bucket = bucket_of(user_id)
        keys = [user_key(bucket, user_id), not_before_key(bucket, user_id)]
        rows = all_rows(_LIST, keys, [bucket, user_id])
        return [unpack_sign_on(sid, fields) for sid, *fields in rows]


def _new_request_id() -> str:
    """Name one call, so that its repetition after a lost answer is known as such."""
    return secrets.token_urlsafe(12)


def _longest_lifetime_ms() -> int:
    settings = configuration()
    lifetimes = (settings.session_lifetime_seconds, settings.refresh_token_absolute_seconds)
    return max(lifetimes) * 1000
