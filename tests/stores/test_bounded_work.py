"""No script's work grows with what people and their clients have made.

Work is counted in commands that Redis carries out, not in time. A script that walked through all
grants of a person would keep its node busy until the others take it for dead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from oidc.errors import AlreadyUsed, NotFound
from oidc.stores.redis import codes, grants, sign_ons
from oidc.stores.redis.access import needed_commands
from oidc.stores.redis.cluster import cluster, run_script
from oidc.stores.redis.counters import counters
from oidc.stores.redis.keys import grant_key, sid_key, user_key
from oidc.stores.redis.packing import pack_grant
from oidc.stores.redis.pages import PAGE
from oidc.stores.redis.script import Argument, Script
from tests.stores.people import CLIENT, HOUR, OpenGrant, Person, new_id

MANY = 100_000
FEW_COMMANDS = 100
"""What a script of the token path takes at the most, where ten grants make room for one too."""

_PILE_UP = Script(
    "pile_up",
    """#!lua
local bucket, index, prefix, first, last = ARGV[1], KEYS[1], ARGV[2], ARGV[3], ARGV[4]
local time = redis.call('TIME')
local now = time[1] * 1000
for number = first, last do
  local id = prefix .. number
  local name = 'grant:{' .. bucket .. '}:' .. id
  redis.call('HSET', name, 'start', now, 'generation', 0, unpack(ARGV, 5))
  redis.call('PEXPIRE', name, 3600000)
  redis.call('ZADD', KEYS[1], now + 3600000, 'g:' .. id)
  redis.call('ZADD', KEYS[2], number, 'g:' .. id)
end
for _, each in ipairs(KEYS) do redis.call('PEXPIRE', each, 7200000) end
return 1
""",
)


def pile_up(person: Person, sid: str, count: int, *, offline: bool = False) -> None:
    """Make grants of one client as the server would, but quickly and without its bound."""
    grant = person.new_code(sid, offline=offline).code.grant
    index = user_key(person.bucket, person.user_id)
    prefix = new_id()
    for first in range(0, count, 1000):
        last = min(first + 1000, count) - 1
        numbers: list[Argument] = [person.bucket, prefix, first, last]
        keys = [index, f"{index}:of:{CLIENT}"]
        run_script(_PILE_UP, keys, [*numbers, *pack_grant(grant)], write=False)


def commands_of(call: Callable[[], Any]) -> float:
    """Return how many commands each script of a call had Redis carry out.

    On a busy machine a script is sent again now and then, so it is the mean of those that ran.
    """
    (commands, scripts), _ = _counts(), call()
    more_commands, more_scripts = _counts()
    return (more_commands - commands) / max(more_scripts - scripts, 1)


def _counts() -> tuple[int, int]:
    """Return the commands about keys on all masters, and the scripts."""
    calls: dict[str, int] = {}
    for node in cluster().commands().get_primaries():
        for name, stats in node.redis_connection.info("commandstats").items():
            calls[name] = calls.get(name, 0) + stats["calls"]
    scripts = calls.get("cmdstat_evalsha", 0) + calls.get("cmdstat_eval", 0)
    return sum(calls.get(f"cmdstat_{name}", 0) for name in needed_commands()), scripts


@pytest.fixture(scope="module")
def crowded() -> Person:
    """Somebody with 100,000 living grants of one client, from one session."""
    person = Person()
    pile_up(person, person.sign_in(), MANY)
    return person


# --- With very many -----------------------------------------------------------------------------


def test_the_token_path_does_as_much_as_with_one_grant(crowded: Person) -> None:
    sid = crowded.sign_in()
    issued, grant = crowded.issue(sid), crowded.open_grant(sid)
    hybrid, implicit = crowded.new_code(sid), crowded.new_code(sid)
    steps: dict[str, Callable[[], Any]] = {
        "codes.issue": lambda: crowded.issue(sid),
        "codes.redeem": issued.redeem,
        "codes.issue, hybrid": lambda: codes.issue(
            hybrid.handle, hybrid.code_hash, hybrid.code, 60, grant_lifetime_seconds=HOUR
        ),
        "grants.open": lambda: grants.open(implicit.handle, implicit.code.grant, HOUR),
        "grants.rotate": lambda: grant.rotate(0),
        "grants.find": grant.find,
        "grants.revoke": lambda: grants.revoke(grant.handle, CLIENT),
        "sign_ons.find": lambda: sign_ons.find(crowded.user_id, sid),
        "sign_ons.start": crowded.sign_in,
        "sign_ons.end": lambda: sign_ons.end(crowded.user_id, sid),
    }
    taken = {name: commands_of(step) for name, step in steps.items()}
    assert {name: count for name, count in taken.items() if count > FEW_COMMANDS} == {}


def test_one_write_signs_everybody_out_and_the_rest_goes_in_pages(crowded: Person) -> None:
    person, sid = crowded, crowded.sign_in()
    online, offline = person.open_grant(sid, offline=False), person.open_grant(sid)

    assert commands_of(lambda: sign_ons.end_all(person.user_id)) <= FEW_COMMANDS

    for grant in (online, offline):
        with pytest.raises(NotFound):
            grant.find()
    pages = sign_ons.sweep(person.user_id)
    told, before = set(), counters.round_trips
    while (page := _next(pages)) is not None:
        told.update(page)
    assert {client for _, client in told} == {CLIENT}
    assert (sid, CLIENT) in told
    assert not cluster().commands().exists(user_key(person.bucket, person.user_id))
    assert counters.round_trips - before <= MANY / PAGE + 6


def _next(pages: Iterator[list[tuple[str, str]]]) -> list[tuple[str, str]] | None:
    """Return the next page, which took a bounded number of commands."""
    found: list[list[tuple[str, str]] | None] = []
    assert commands_of(lambda: found.append(next(pages, None))) <= 10 * PAGE
    return found[0]


def test_a_list_is_read_in_pages() -> None:
    person = Person()
    pile_up(person, person.sign_in(), 3 * PAGE)
    grants.list_for_user(person.user_id)  # the node has not seen the scripts before
    sign_ons.list_for_user(person.user_id)
    before = counters.round_trips
    assert len(grants.list_for_user(person.user_id)) == 3 * PAGE
    assert len(sign_ons.list_for_user(person.user_id)) == 1
    assert counters.round_trips - before == 8


# --- How many grants a client may have of a person ----------------------------------------------


@pytest.fixture
def at_most_three(settings: Any) -> None:
    settings.GATEHOUSE = settings.GATEHOUSE | {"grants_per_person_and_client": 3}


def open_one(person: Person, sid: str, how: str, lifetime_seconds: int = HOUR) -> OpenGrant:
    issued = person.new_code(sid, offline=True)
    if how == "code":
        codes.issue(issued.handle, issued.code_hash, issued.code, 60)
        issued.redeem()
    elif how == "hybrid":
        lifetimes = {"grant_lifetime_seconds": lifetime_seconds}
        codes.issue(issued.handle, issued.code_hash, issued.code, 60, **lifetimes)
    else:
        grants.open(issued.handle, issued.code.grant, lifetime_seconds)
    return OpenGrant(issued.handle, issued.code.grant)


def living(opened: list[OpenGrant]) -> list[bool]:
    return [_lives(grant) for grant in opened]


def _lives(grant: OpenGrant) -> bool:
    try:
        grant.find()
    except NotFound:
        return False
    return True


@pytest.mark.usefixtures("at_most_three")
@pytest.mark.parametrize("how", ["code", "hybrid", "implicit"])
def test_one_grant_too_many_ends_the_oldest(person: Person, redis: Any, how: str) -> None:
    sid = person.sign_in()
    opened = [open_one(person, sid, how) for _ in range(5)]
    assert living(opened) == [False, False, True, True, True]
    for key in (user_key(person.bucket, person.user_id), _index_of_client(person)):
        members = {m.decode() for m in redis.zrange(key, 0, -1) if m.startswith(b"g:")}
        assert members == {f"g:{grant.handle.grant_id}" for grant in opened[2:]}


@pytest.mark.usefixtures("at_most_three")
def test_the_oldest_is_the_one_that_was_not_used_for_the_longest(person: Person) -> None:
    sid = person.sign_in()
    first, second, third = (open_one(person, sid, "code") for _ in range(3))
    first.rotate(0)
    fourth = open_one(person, sid, "code")
    assert living([first, second, third, fourth]) == [True, False, True, True]


@pytest.mark.usefixtures("at_most_three")
def test_a_grant_that_lives_shorter_than_all_others_is_not_ended_at_once(person: Person) -> None:
    sid = person.sign_in()
    opened = [open_one(person, sid, "code") for _ in range(3)]
    short = open_one(person, sid, "implicit", lifetime_seconds=60)
    assert living([*opened, short]) == [False, True, True, True]


@pytest.mark.usefixtures("at_most_three")
def test_grants_that_have_expired_do_not_count(person: Person, redis: Any) -> None:
    sid = person.sign_in()
    kept = open_one(person, sid, "code")
    for _ in range(4):
        expired = open_one(person, sid, "implicit")
        redis.delete(grant_key(person.bucket, expired.handle.grant_id))
        index = user_key(person.bucket, person.user_id)
        redis.zadd(index, {f"g:{expired.handle.grant_id}": 1})
    assert living([kept]) == [True]
    assert redis.zcard(_index_of_client(person)) == 2


@pytest.mark.usefixtures("at_most_three")
def test_opening_again_after_a_lost_answer_ends_nothing_more(person: Person) -> None:
    sid = person.sign_in()
    opened = [open_one(person, sid, "code") for _ in range(2)]
    issued = person.issue(sid, offline=True)
    implicit = person.new_code(sid, offline=True)
    for _ in range(3):
        issued.redeem("one request")
    assert living(opened) == [True, True]
    for _ in range(3):
        grants.open(implicit.handle, implicit.code.grant, HOUR)
    assert living(opened) == [False, True]


@pytest.mark.usefixtures("at_most_three")
def test_the_bound_is_about_one_person_and_one_client(person: Person) -> None:
    sid, somebody = person.sign_in(), Person()
    opened = [open_one(person, sid, "code"), open_one(somebody, somebody.sign_in(), "code")]
    for _ in range(3):
        issued = person.new_code(sid, offline=True)
        grant = issued.code.grant._replace(client_id="another")
        grants.open(issued.handle, grant, HOUR)
    assert living(opened) == [True, True]


@pytest.mark.usefixtures("at_most_three")
def test_grants_that_ended_do_not_count(person: Person) -> None:
    sid = person.sign_in()
    kept, revoked, reused = (open_one(person, sid, "code") for _ in range(3))
    grants.revoke(revoked.handle, CLIENT)
    reused.rotate(0)
    reused.rotate(1)
    with pytest.raises(AlreadyUsed):
        reused.rotate(0)
    opened = [open_one(person, sid, "code") for _ in range(2)]
    assert living([kept, *opened]) == [True, True, True]


@pytest.mark.usefixtures("at_most_three")
def test_a_grant_of_the_release_before_counts_once_it_is_refreshed(
    person: Person, redis: Any
) -> None:
    sid = person.sign_in()
    old = [open_one(person, sid, "code") for _ in range(3)]
    redis.delete(_index_of_client(person))
    new = [open_one(person, sid, "code") for _ in range(2)]
    assert living([*old, *new]) == [True] * 5
    old[0].rotate(0)
    open_one(person, sid, "code")
    assert living([*old, *new]) == [True, True, True, False, True]


def test_a_bound_that_was_lowered_is_reached_in_steps(person: Person, settings: Any) -> None:
    sid = person.sign_in()
    pile_up(person, sid, 30)
    settings.GATEHOUSE = settings.GATEHOUSE | {"grants_per_person_and_client": 3}
    counts = []
    for _ in range(4):
        open_one(person, sid, "code")
        counts.append(len(grants.list_for_user(person.user_id)))
    assert counts == [21, 12, 3, 3]


def _index_of_client(person: Person) -> str:
    return f"{user_key(person.bucket, person.user_id)}:of:{CLIENT}"


# --- Cleaning up --------------------------------------------------------------------------------


def test_grants_of_an_ended_session_leave_the_index(person: Person, redis: Any) -> None:
    sid, other = person.sign_in(), person.sign_in()
    ended, offline = person.open_grant(sid, offline=False), person.open_grant(sid, offline=True)
    living_one = person.open_grant(other, offline=False)
    sign_ons.end(person.user_id, sid)
    assert list(sign_ons.sweep(person.user_id)) == [[], []]  # whoever ended it knows its clients
    kept = {f"g:{each.handle.grant_id}" for each in (offline, living_one)}
    index = user_key(person.bucket, person.user_id)
    assert {m.decode() for m in redis.zrange(index, 0, -1)} == kept | {f"s:{other}"}
    assert {m.decode() for m in redis.zrange(_index_of_client(person), 0, -1)} == kept
    assert not redis.exists(grant_key(person.bucket, ended.handle.grant_id))
    assert living([offline, living_one]) == [True, True]


def test_who_signs_in_while_it_is_cleaned_up_stays_signed_in(person: Person) -> None:
    old = person.sign_in()
    pile_up(person, old, 2 * PAGE)
    sign_ons.end_all(person.user_id)
    pages = sign_ons.sweep(person.user_id)
    next(pages)
    sid = person.sign_in()
    grant = person.open_grant(sid, offline=False)
    for _ in pages:
        pass
    assert grant.find() == grant.grant
    assert [session.sid for session in sign_ons.list_for_user(person.user_id)] == [sid]
    assert grants.list_for_user(person.user_id) == [grant.grant]


def test_a_page_that_was_not_finished_is_found_again(person: Person) -> None:
    sid = person.sign_in()
    person.open_grant(sid)
    sign_ons.end_all(person.user_id)
    for _ in range(2):
        assert (sid, CLIENT) in next(sign_ons.sweep(person.user_id))
    for _ in sign_ons.sweep(person.user_id):
        pass
    assert next(sign_ons.sweep(person.user_id)) == []


def test_a_session_that_had_expired_tells_nobody(person: Person, redis: Any) -> None:
    sid = person.sign_in()
    person.open_grant(sid, offline=False)
    redis.delete(sid_key(person.bucket, sid))
    sign_ons.end_all(person.user_id)
    assert [pair for page in sign_ons.sweep(person.user_id) for pair in page] == []


def test_a_session_notes_a_thousand_clients(person: Person) -> None:
    sid = person.sign_in()
    for number in range(1002):
        sign_ons.note_client(person.user_id, sid, f"client-{number}")
    noted = sign_ons.find(person.user_id, sid).client_ids
    assert noted == tuple(f"client-{number}" for number in range(1000))


def test_one_write_drops_a_bounded_number_of_what_has_expired(person: Person, redis: Any) -> None:
    index = user_key(person.bucket, person.user_id)
    expired = {f"g:expired-{number}": number + 1 for number in range(250)}
    redis.zadd(index, expired)
    left = []
    for _ in range(3):
        person.sign_in()
        left.append(redis.zcount(index, 0, 1000))
    assert left == [150, 50, 0]
