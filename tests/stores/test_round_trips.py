"""One round trip a step, and a write in every answer that promises something."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from authserver.local.node import Node
from oidc.errors import AlreadyUsed
from oidc.stores.records import Interaction
from oidc.stores.redis import (
    browser_sessions,
    codes,
    grants,
    interactions,
    replay_guards,
    sign_ons,
)
from oidc.stores.redis.counters import counters
from tests.stores.conftest import MakeCluster, StoresOn
from tests.stores.people import CLIENT, HOUR, Person, new_id

Step = Callable[[], Any]


def _steps() -> dict[str, Step]:
    """Return a call of every method, with all that it needs in place."""
    person = Person()
    sid, other_sid = person.sign_in(), person.sign_in()
    issued, new_code = person.issue(sid), person.new_code(sid)
    grant, revocable = person.open_grant(sid), person.open_grant(sid)
    interaction = Interaction(new_id(), "b", {"state": "s"}, time.time())
    interactions.store(interaction, HOUR)
    key = new_id()
    browser_sessions.create(key, {}, HOUR)

    def accept() -> None:
        replay_guards.accept_once("jti", "a", key, request_id="r", lifetime_seconds=60)

    return {
        "codes.issue": lambda: codes.issue(new_code.handle, "hash", new_code.code, 60),
        "codes.redeem": issued.redeem,
        "grants.open": lambda: grants.open(new_code.handle, new_code.code.grant, HOUR),
        "grants.find": grant.find,
        "grants.require": grant.require,
        "grants.is_access_token_revoked": lambda: grants.is_access_token_revoked("abc", "j"),
        "grants.find_for_refresh": lambda: grants.find_for_refresh(grant.handle, 0),
        "grants.rotate": lambda: grant.rotate(0),
        "grants.revoke": lambda: grants.revoke(revocable.handle, CLIENT),
        "grants.revoke_access_token": lambda: grants.revoke_access_token("abc", new_id(), 60),
        "grants.list_for_user": lambda: grants.list_for_user(person.user_id),
        "sign_ons.start": person.sign_in,
        "sign_ons.find": lambda: sign_ons.find(person.user_id, sid),
        "sign_ons.note_client": lambda: sign_ons.note_client(person.user_id, sid, CLIENT),
        "sign_ons.end": lambda: sign_ons.end(person.user_id, other_sid),
        "sign_ons.list_for_user": lambda: sign_ons.list_for_user(person.user_id),
        "sign_ons.end_all": lambda: sign_ons.end_all(person.user_id),
        "interactions.store": lambda: interactions.store(interaction, HOUR),
        "interactions.find": lambda: interactions.find(interaction.interaction_id),
        "interactions.select": lambda: interactions.select_account(interaction.interaction_id),
        "interactions.consume": lambda: interactions.consume(
            interaction.interaction_id, request_id="r"
        ),
        "replay_guards.accept_once": accept,
        "browser_sessions.load": lambda: browser_sessions.load(key),
        "browser_sessions.save": lambda: browser_sessions.save(key, {"a": 1}, HOUR),
        "browser_sessions.exists": lambda: browser_sessions.exists(key),
        "browser_sessions.delete": lambda: browser_sessions.delete(key),
        "browser_sessions.create": lambda: browser_sessions.create(new_id(), {}, HOUR),
    }


def test_every_step_is_one_round_trip() -> None:
    for _ in range(12):  # until every node knows every script
        for step in _steps().values():
            step()
    taken = {}
    for name, step in _steps().items():
        before = counters.round_trips
        step()
        taken[name] = counters.round_trips - before
    assert taken == dict.fromkeys(taken, 1)


@pytest.fixture(scope="module")
def quiet(make_cluster: MakeCluster) -> Node:
    """A master with a replica that hears nothing but what a test writes."""
    pair = make_cluster(masters=1, replicas=1)
    for node in pair.nodes():
        node.client().config_set("repl-ping-replica-period", 3600)
    return pair.nodes()[0]


def test_every_repeated_promise_writes_again(quiet: Node, stores_on: StoresOn) -> None:
    """`WAIT` confirms what its own connection wrote. An answer that stands on an earlier write, of
    a lost attempt or of somebody else, must therefore write too.
    """
    # Without `WAIT`, which would write to the replicas itself.
    with stores_on(f"redis://127.0.0.1:{quiet.port}", redis_wait_replicas=0):
        silent = [name for name, step in _promises().items() if not _writes_again(quiet, step)]
    assert silent == []


def _writes_again(master: Node, step: Step) -> bool:
    step()
    before = master.client().info("replication")["master_repl_offset"]
    step()
    return bool(master.client().info("replication")["master_repl_offset"] > before)


def _promises() -> dict[str, Step]:
    person = Person()
    sid = person.sign_in()
    issued, replayed, grant = person.issue(sid), person.issue(sid), person.open_grant(sid)
    hybrid = person.new_code(sid)
    interaction = Interaction(new_id(), "b", {}, time.time())
    key = new_id()

    def replay() -> None:
        with pytest.raises(AlreadyUsed):
            replayed.redeem("another")

    replayed.redeem("first")
    return {
        "codes.issue": lambda: codes.issue(issued.handle, issued.code_hash, issued.code, 60),
        "codes.redeem": lambda: issued.redeem("r"),
        "codes.redeem, replay": replay,
        "codes.issue, grant": lambda: codes.issue(
            hybrid.handle, hybrid.code_hash, hybrid.code, 60, grant_lifetime_seconds=60
        ),
        "grants.open": lambda: grants.open(hybrid.handle, hybrid.code.grant, 60),
        "sign_ons.note_client": lambda: sign_ons.note_client(person.user_id, sid, CLIENT),
        "grants.rotate, grace": lambda: grant.rotate(0),
        "grants.revoke": lambda: grants.revoke(issued.handle, CLIENT),
        "sign_ons.start": lambda: sign_ons.start(person.user_id, "s", HOUR),
        "sign_ons.end": lambda: sign_ons.end(person.user_id, sid),
        "sign_ons.end_all": lambda: sign_ons.end_all(person.user_id),
        "interactions.store": lambda: interactions.store(interaction, HOUR),
        "interactions.consume": lambda: interactions.consume(
            interaction.interaction_id, request_id="r"
        ),
        "replay_guards.accept_once": lambda: replay_guards.accept_once(
            "jti", "a", key, request_id="r", lifetime_seconds=60
        ),
        "browser_sessions.create": lambda: browser_sessions.create(key, {}, HOUR),
        "browser_sessions.delete": lambda: browser_sessions.delete(key),
    }
