"""The contract of waiting authorization requests."""

from __future__ import annotations

import time
from typing import Any

import pytest

from oidc.errors import NotFound
from oidc.stores.records import Interaction
from oidc.stores.redis import interactions
from oidc.stores.redis.keys import interaction_key
from tests.stores.concurrency import all_at_once
from tests.stores.people import HOUR, new_id


@pytest.fixture
def waiting() -> Interaction:
    parameters = {"client_id": "client-1", "state": 'a "b" é', "scope": "openid profile"}
    interaction = Interaction(new_id(), "browser-1", parameters, time.time())
    interactions.store(interaction, HOUR)
    return interaction


def test_it_is_found_as_it_was_stored(waiting: Interaction, redis: Any) -> None:
    assert interactions.find(waiting.interaction_id) == waiting
    assert 0 < redis.ttl(interaction_key(waiting.interaction_id)) <= HOUR


def test_unknown_ones_are_not_found() -> None:
    with pytest.raises(NotFound):
        interactions.find("unknown")
    with pytest.raises(NotFound):
        interactions.select_account("unknown")
    with pytest.raises(NotFound):
        interactions.consume("unknown", request_id="r")
    with pytest.raises(NotFound):
        interactions.find("unknown")


def test_selecting_an_account_is_noted_and_keeps_the_lifetime(
    waiting: Interaction, redis: Any
) -> None:
    key = interaction_key(waiting.interaction_id)
    redis.expire(key, 100)
    interactions.select_account(waiting.interaction_id)
    assert interactions.find(waiting.interaction_id) == waiting._replace(account_selected=True)
    assert redis.ttl(key) <= 100


def test_it_can_be_finished_once(waiting: Interaction) -> None:
    finish = [
        lambda n=n: interactions.consume(waiting.interaction_id, request_id=str(n))
        for n in range(16)
    ]
    answers = all_at_once(finish)
    assert answers.count(waiting) == 1
    assert sum(isinstance(answer, NotFound) for answer in answers) == 15


def test_the_same_request_may_ask_again(waiting: Interaction, redis: Any) -> None:
    for _ in range(3):
        assert interactions.consume(waiting.interaction_id, request_id="r") == waiting
    assert redis.ttl(interaction_key(waiting.interaction_id)) <= 60


def test_a_finished_one_is_gone_for_everybody_else(waiting: Interaction) -> None:
    interactions.consume(waiting.interaction_id, request_id="r")
    with pytest.raises(NotFound):
        interactions.find(waiting.interaction_id)
    with pytest.raises(NotFound):
        interactions.select_account(waiting.interaction_id)
    with pytest.raises(NotFound):
        interactions.consume(waiting.interaction_id, request_id="another")
