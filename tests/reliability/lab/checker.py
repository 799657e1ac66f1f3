"""Judges a history: what must never be, whatever happened to the cluster meanwhile.

Two operations are ordered only if one ended before the other started. Where their order is open,
and where the outcome of one is unknown, every possibility that would be right counts as right.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tests.reliability.lab.history import Kind, Operation, Outcome

CODE_SECONDS = 60.0
GRACE_SECONDS = 10.0
RETRY_SECONDS = 300.0
"""How long a predecessor is good while nobody has used its successor."""
_USES = frozenset({Kind.AUTHORIZE, Kind.REDEEM, Kind.REFRESH, Kind.READ})


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken promise, and the operation that shows it."""

    rule: str
    operation: Operation

    def __str__(self) -> str:
        return f"{self.rule}: {self.operation}"


class _Index:
    """The operations by what they are about."""

    def __init__(self, operations: list[Operation]) -> None:
        self.operations = operations
        self.by_subject: dict[tuple[Kind, str], list[Operation]] = defaultdict(list)
        self.by_grant: dict[tuple[Kind, str], list[Operation]] = defaultdict(list)
        self.issue_of_code: dict[str, Operation] = {}
        for operation in operations:
            self.by_subject[operation.kind, operation.subject].append(operation)
            self.by_grant[operation.kind, operation.grant].append(operation)
            if operation.kind is Kind.AUTHORIZE and operation.result:
                self.issue_of_code[operation.result] = operation


def check(operations: Iterable[Operation], *, may_lose: bool = False) -> list[Violation]:
    """Return every violation, in the order of the operations that show them.

    `may_lose`: connections to the server may break, because the server itself was the victim.
    """
    index = _Index(sorted(operations, key=lambda operation: operation.started))
    rules = RULES if may_lose else (*RULES, no_connection_is_lost)
    found = [violation for rule in rules for violation in rule(index)]
    return sorted(found, key=lambda violation: violation.operation.started)


# --- Nothing is accepted twice ------------------------------------------------------------------


def code_is_redeemed_once(index: _Index) -> Iterator[Violation]:
    yield from _done_once(index, Kind.REDEEM, "a code was redeemed twice")


def guard_lets_a_value_through_once(index: _Index) -> Iterator[Violation]:
    yield from _done_once(index, Kind.ASSERT, "an assertion was accepted twice")


def _done_once(index: _Index, kind: Kind, rule: str) -> Iterator[Violation]:
    for (of_kind, _), operations in index.by_subject.items():
        if of_kind is kind:
            done = [operation for operation in operations if operation.outcome is Outcome.DONE]
            yield from (Violation(rule, operation) for operation in done[1:])


def generation_has_one_successor(index: _Index) -> Iterator[Violation]:
    """And no two generations of a family have the same one, except through the grace."""
    for (kind, _), operations in index.by_subject.items():
        if kind is Kind.REFRESH:
            done = [operation for operation in operations if operation.outcome is Outcome.DONE]
            for operation in done[1:]:
                if operation.result != done[0].result:
                    yield Violation("a refresh token has two successors", operation)


# --- What has ended stays ended -----------------------------------------------------------------


def ended_stays_ended(index: _Index) -> Iterator[Violation]:
    for operation in index.operations:
        if operation.kind in _USES and operation.outcome is Outcome.DONE:
            for ending in _endings(index, operation):
                if ending.ended <= operation.started and _is_acknowledged(ending):
                    yield Violation(
                        f"it works after an acknowledged {ending.kind.value}", operation
                    )
                    break


def _endings(index: _Index, use: Operation) -> Iterator[Operation]:
    """Return what would end that which an operation uses, whenever it happened."""
    if use.kind is Kind.AUTHORIZE or (use.session and not use.offline) or use.kind is Kind.REDEEM:
        session = use.subject if use.kind is Kind.AUTHORIZE else use.session
        yield from index.by_subject[Kind.SIGN_OUT, session]
    if use.kind is Kind.READ:
        yield from index.by_subject[Kind.REVOKE_TOKEN, use.subject]
    if use.grant:
        yield from index.by_grant[Kind.REVOKE, use.grant]
        yield from _refusals(index, use)


def _refusals(index: _Index, use: Operation) -> Iterator[Operation]:
    """A refused refresh was reuse, or found the grant dead; a refused redemption killed it."""
    for kind in (Kind.REFRESH, Kind.REDEEM):
        for operation in index.by_grant[kind, use.grant]:
            if operation is not use and operation.outcome is Outcome.REFUSED:
                yield operation


def _is_acknowledged(ending: Operation) -> bool:
    return ending.outcome in (Outcome.DONE, Outcome.REFUSED)


# --- What lives is never refused ----------------------------------------------------------------


def living_is_never_refused(index: _Index) -> Iterator[Violation]:
    for operation in index.operations:
        if operation.outcome is Outcome.REFUSED and not _EXPLANATIONS[operation.kind](
            index, operation
        ):
            yield Violation(f"{operation.kind.value} was refused for no reason", operation)


def _began_before(operations: Iterable[Operation], refused: Operation) -> list[Operation]:
    """Return what may have happened before an operation was refused."""
    return [
        operation
        for operation in operations
        if operation is not refused and operation.started < refused.ended
    ]


def _signed_out(index: _Index, refused: Operation) -> bool:
    session = refused.subject if refused.kind is Kind.AUTHORIZE else refused.session
    return bool(_began_before(index.by_subject[Kind.SIGN_OUT, session], refused))


def _used_by_another(index: _Index, refused: Operation) -> bool:
    others = _began_before(index.by_subject[refused.kind, refused.subject], refused)
    return any(operation.outcome is not Outcome.REFUSED for operation in others)


def _redemption_explained(index: _Index, refused: Operation) -> bool:
    issue = index.issue_of_code.get(refused.subject)
    expired = issue is not None and refused.ended - issue.started >= CODE_SECONDS
    return expired or _used_by_another(index, refused) or _signed_out(index, refused)


def _grant_ended(index: _Index, refused: Operation) -> bool:
    if not refused.offline and _signed_out(index, refused):
        return True
    if _began_before(index.by_grant[Kind.REVOKE, refused.grant], refused):
        return True
    if len(_began_before(index.by_subject[Kind.REDEEM, refused.grant], refused)) > 1:
        return True  # a code presented twice ends its grant
    refreshes = _began_before(index.by_grant[Kind.REFRESH, refused.grant], refused)
    return any(operation.outcome is Outcome.REFUSED for operation in refreshes) or any(
        _may_be_reuse(index, operation) for operation in [*refreshes, refused]
    )


def _may_be_reuse(index: _Index, refresh: Operation) -> bool:
    """Tell whether a refresh presents what the client knew to be replaced."""
    if refresh.kind is not Kind.REFRESH:
        return False
    for earlier in _began_before(index.by_subject[Kind.REFRESH, refresh.subject], refresh):
        if earlier.outcome is Outcome.DONE:
            age = refresh.ended - earlier.started
            if age > RETRY_SECONDS or (age > GRACE_SECONDS and _was_seen(index, earlier, refresh)):
                return True
            if _began_before(index.by_subject[Kind.REFRESH, earlier.result], refresh):
                return True
    return False


def _was_seen(index: _Index, earlier: Operation, refresh: Operation) -> bool:
    """Tell whether an access token may have been used that came with an exchange, or later."""
    reads = _began_before(index.by_grant[Kind.READ, refresh.grant], refresh)
    return any(read.ended > earlier.started for read in reads)


def _read_explained(index: _Index, refused: Operation) -> bool:
    revoked = _began_before(index.by_subject[Kind.REVOKE_TOKEN, refused.subject], refused)
    return bool(revoked) or _grant_ended(index, refused)


_EXPLANATIONS: dict[Kind, Callable[[_Index, Operation], bool]] = {
    Kind.SIGN_IN: lambda index, refused: False,
    Kind.SIGN_OUT: lambda index, refused: False,
    Kind.REVOKE: lambda index, refused: False,
    Kind.REVOKE_TOKEN: lambda index, refused: False,
    Kind.AUTHORIZE: _signed_out,
    Kind.REDEEM: _redemption_explained,
    Kind.REFRESH: _grant_ended,
    Kind.READ: _read_explained,
    Kind.ASSERT: _used_by_another,
}


# --- Every answer is one that may be given ------------------------------------------------------


def every_answer_is_an_answer(index: _Index) -> Iterator[Violation]:
    for operation in index.operations:
        if operation.outcome is Outcome.WRONG:
            yield Violation("neither an answer nor a 503 with Retry-After", operation)


def no_connection_is_lost(index: _Index) -> Iterator[Violation]:
    for operation in index.operations:
        if operation.outcome is Outcome.UNKNOWN and operation.status == 0:
            yield Violation("the server gave no answer", operation)


RULES: tuple[Callable[[_Index], Iterator[Violation]], ...] = (
    code_is_redeemed_once,
    guard_lets_a_value_through_once,
    generation_has_one_successor,
    ended_stays_ended,
    living_is_never_refused,
    every_answer_is_an_answer,
)
