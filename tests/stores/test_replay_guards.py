"""The contract of values that are accepted once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from oidc.errors import AlreadyUsed
from oidc.stores.redis import replay_guards
from tests.stores.concurrency import all_at_once
from tests.stores.people import new_id


def _accept(value: str, request_id: str = "", purpose: str = "jti", issuer: str = "a") -> None:
    replay_guards.accept_once(
        purpose, issuer, value, request_id=request_id or new_id(), lifetime_seconds=60
    )


def test_a_value_is_accepted_once() -> None:
    value = new_id()
    _accept(value)
    with pytest.raises(AlreadyUsed):
        _accept(value)


def test_one_of_many_is_accepted() -> None:
    value = new_id()
    calls: list[Callable[[], Any]] = [lambda: _accept(value)] * 32
    answers = all_at_once(calls)
    assert answers.count(None) == 1
    assert sum(isinstance(answer, AlreadyUsed) for answer in answers) == 31


def test_the_same_request_may_ask_again() -> None:
    value = new_id()
    _accept(value, "r")
    _accept(value, "r")
    with pytest.raises(AlreadyUsed):
        _accept(value, "another")


def test_purposes_and_issuers_are_apart() -> None:
    value = new_id()
    _accept(value)
    _accept(value, purpose="nonce")
    _accept(value, issuer="b")
    _accept(f"a{value}", issuer="")


def test_the_value_itself_is_not_stored_and_its_trace_expires(redis: Any) -> None:
    value = new_id()
    before = _traces(redis)
    _accept(value)
    new = _traces(redis) - before  # other tests, at the same time, may add theirs
    assert any(0 < redis.ttl(name) <= 60 for name in new)
    assert not any(value in name.decode() for name in new)


def _traces(redis: Any) -> set[bytes]:
    return set(redis.scan_iter(match="replay:*", count=1000))
