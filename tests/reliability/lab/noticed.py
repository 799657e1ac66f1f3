"""What people notice of a fault: waiting, being asked to come back, others being slower."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import quantiles

from tests.reliability.lab.experiment import Result, Strike
from tests.reliability.lab.history import Kind, Operation, Outcome

CALM_SECONDS = 2.0
"""How long before a strike the time before it is."""
_ANSWERS = (Outcome.DONE, Outcome.REFUSED)
_OF_ONE_SHARD = (Kind.REFRESH, Kind.READ)
"""Requests that need no shard but the person's own."""


def time_without_service(result: Result, strike: Strike) -> float:
    """Return the longest time that anybody waited between two answers around a strike."""
    longest = 0.0
    last: dict[str, float] = {}
    for operation in sorted(result.operations, key=lambda operation: operation.ended):
        if operation.outcome not in _ANSWERS:
            continue
        before = last.get(operation.actor)
        last[operation.actor] = operation.ended
        if before is not None and operation.ended >= strike.started and before <= strike.ended:
            longest = max(longest, operation.ended - max(before, strike.started))
    return longest


def arrived_during(result: Result, strike: Strike) -> list[Operation]:
    return [o for o in result.operations if strike.started <= o.started <= strike.ended]


def share_answered(operations: Iterable[Operation]) -> tuple[float, float]:
    """Return the shares that got their answer, and that were told when to come back."""
    all_of_them = list(operations)
    count = max(len(all_of_them), 1)
    answered = sum(operation.outcome in _ANSWERS for operation in all_of_them)
    later = sum(o.outcome is Outcome.UNKNOWN and o.status == 503 for o in all_of_them)
    return answered / count, later / count


def p99_elsewhere(
    result: Result, strike: Strike, struck: frozenset[str]
) -> tuple[float, float] | None:
    """Return the 99th percentile of requests to other shards: before a strike, and during it.

    `struck`: the actors whose shard was hit. None where there were too few.
    """
    elsewhere = [o for o in result.operations if o.kind in _OF_ONE_SHARD and o.actor not in struck]
    calm = strike.started - CALM_SECONDS
    before = [o.ended - o.started for o in elsewhere if calm < o.started < strike.started]
    during = [o.ended - o.started for o in elsewhere if strike.started <= o.started <= strike.ended]
    if min(len(before), len(during)) < 20:
        return None
    return quantiles(before, n=100)[-1], quantiles(during, n=100)[-1]
