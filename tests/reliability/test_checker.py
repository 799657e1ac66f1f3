"""The checker itself: what it must see, and what it must let pass."""

from __future__ import annotations

import pytest

from tests.reliability.lab.checker import check
from tests.reliability.lab.history import Kind, Operation, Outcome

DONE, REFUSED, UNKNOWN, WRONG = Outcome.DONE, Outcome.REFUSED, Outcome.UNKNOWN, Outcome.WRONG


def op(
    kind: Kind,
    subject: str,
    started: float,
    ended: float,
    outcome: Outcome = DONE,
    *,
    result: str = "",
    grant: str = "",
    session: str = "s",
    offline: bool = True,
) -> Operation:
    status = {DONE: 200, REFUSED: 400, UNKNOWN: 503, WRONG: 500}[outcome]
    return Operation(
        kind, subject, started, ended, outcome, status, result, grant, session, offline
    )


def code(started: float = 0) -> Operation:
    return op(Kind.AUTHORIZE, "s", started, started + 1, result="c")


def redeem(started: float, ended: float, outcome: Outcome = DONE) -> Operation:
    return op(Kind.REDEEM, "c", started, ended, outcome, result="r0", grant="c")


def refresh(
    token: str, started: float, ended: float, outcome: Outcome = DONE, result: str = ""
) -> Operation:
    return op(Kind.REFRESH, token, started, ended, outcome, result=result, grant="c")


def read(started: float, ended: float, outcome: Outcome = DONE, **about: bool) -> Operation:
    return op(Kind.READ, "a", started, ended, outcome, grant="c", **about)


def authorize(started: float, ended: float, outcome: Outcome) -> Operation:
    return op(Kind.AUTHORIZE, "s", started, ended, outcome)


def sign_out(started: float, ended: float, outcome: Outcome = DONE) -> Operation:
    return op(Kind.SIGN_OUT, "s", started, ended, outcome)


def revoke(started: float, ended: float, outcome: Outcome = DONE) -> Operation:
    return op(Kind.REVOKE, "r0", started, ended, outcome, grant="c")


SEEN = {
    "a code redeemed twice": [code(), redeem(2, 3), redeem(4, 5)],
    "a code redeemed twice at once": [code(), redeem(2, 5), redeem(3, 4)],
    "an assertion accepted twice": [op(Kind.ASSERT, "j", 0, 1), op(Kind.ASSERT, "j", 2, 3)],
    "two successors": [refresh("r0", 0, 1, result="r1"), refresh("r0", 2, 3, result="x")],
    "a retry refused while nobody had used the successor": [
        refresh("r0", 0, 1, result="r1"),
        refresh("r0", 12, 13, REFUSED),
    ],
    "a refresh after a revocation": [revoke(0, 1), refresh("r0", 2, 3, result="r1")],
    "a token that reads after a revocation": [revoke(0, 1), read(2, 3)],
    "a token that reads after its own revocation": [
        op(Kind.REVOKE_TOKEN, "a", 0, 1, grant="c"),
        read(2, 3),
    ],
    "a code for a session that was signed out": [sign_out(0, 1), authorize(2, 3, DONE)],
    "a grant that ends with its session, after that": [sign_out(0, 1), read(2, 3, offline=False)],
    "a code redeemed after sign-out": [code(), sign_out(2, 3), redeem(4, 5)],
    "a family that comes back after reuse": [
        revoke(0, 1, UNKNOWN),
        refresh("r0", 2, 3, REFUSED),
        refresh("r0", 4, 5, result="r1"),
    ],
    "a user signed out": [authorize(0, 1, REFUSED)],
    "a sign-in refused": [op(Kind.SIGN_IN, "s", 0, 1, REFUSED)],
    "a code lost": [code(), redeem(2, 3, REFUSED)],
    "a code refused before the other redemption began": [
        code(),
        redeem(2, 3, REFUSED),
        redeem(4, 5, UNKNOWN),
    ],
    "a family lost": [code(), redeem(2, 3), refresh("r0", 4, 5, REFUSED)],
    "a family lost after a refresh without an answer": [
        refresh("r0", 0, 5, UNKNOWN),
        refresh("r0", 30, 31, REFUSED),
    ],
    "a token refused": [read(0, 1, REFUSED)],
    "an assertion refused": [op(Kind.ASSERT, "j", 0, 1, REFUSED)],
    "a defect": [read(0, 1, WRONG)],
    "no answer": [Operation(Kind.READ, "a", 0, 1, UNKNOWN)],
}

PASSES = {
    "the second redemption refused": [code(), redeem(2, 3), redeem(4, 5, REFUSED)],
    "a redemption refused beside one without an answer": [
        code(),
        redeem(2, 9, UNKNOWN),
        redeem(3, 4, REFUSED),
    ],
    "a redemption that follows one without an answer": [
        code(),
        redeem(2, 3, UNKNOWN),
        redeem(4, 5),
    ],
    "an old code refused": [code(), redeem(62, 63, REFUSED)],
    "the same successor twice": [
        refresh("r0", 0, 1, result="r1"),
        refresh("r0", 0.5, 1.5, result="r1"),
    ],
    "a refresh beside a revocation": [revoke(0, 2), refresh("r0", 1, 3, result="r1")],
    "a refresh after a revocation without an answer": [
        revoke(0, 1, UNKNOWN),
        refresh("r0", 2, 3, result="r1"),
    ],
    "a refresh refused after a revocation without an answer": [
        revoke(0, 1, UNKNOWN),
        refresh("r0", 2, 3, REFUSED),
    ],
    "an offline grant after sign-out": [sign_out(0, 1), read(2, 3)],
    "reuse: two generations old": [
        refresh("r0", 0, 1, result="r1"),
        refresh("r1", 2, 3, result="r2"),
        refresh("r0", 4, 5, REFUSED),
    ],
    "reuse: after the grace, and the successor was used": [
        refresh("r0", 0, 1, result="r1"),
        read(2, 3),
        refresh("r0", 12, 13, REFUSED),
        read(14, 15, REFUSED),
    ],
    "reuse: after the time for a retry": [
        refresh("r0", 0, 1, result="r1"),
        refresh("r0", 301, 302, REFUSED),
        read(303, 304, REFUSED),
    ],
    "a retry after the grace": [
        refresh("r0", 0, 1, result="r1"),
        refresh("r0", 12, 13, result="r1"),
    ],
    "a family ended by a code presented twice": [
        code(),
        redeem(2, 3),
        redeem(4, 5, REFUSED),
        refresh("r0", 6, 7, REFUSED),
    ],
    "signed out": [sign_out(0, 1), authorize(2, 3, REFUSED)],
    "signed out, perhaps": [sign_out(0, 1, UNKNOWN), authorize(2, 3, REFUSED)],
    "an assertion refused after one without an answer": [
        op(Kind.ASSERT, "j", 0, 1, UNKNOWN),
        op(Kind.ASSERT, "j", 2, 3, REFUSED),
    ],
    "unavailable": [read(0, 1, UNKNOWN)],
}


@pytest.mark.parametrize("history", SEEN.values(), ids=SEEN)
def test_it_sees(history: list[Operation]) -> None:
    assert len(check(history)) == 1


@pytest.mark.parametrize("history", PASSES.values(), ids=PASSES)
def test_it_lets_pass(history: list[Operation]) -> None:
    assert check(history) == []


def test_a_server_that_was_killed_may_owe_an_answer() -> None:
    history = [Operation(Kind.READ, "a", 0, 1, UNKNOWN)]
    assert check(history, may_lose=True) == []
