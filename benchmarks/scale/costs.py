"""The cost of one operation of Gatehouse, on some paths, as it runs now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.harness.figures import PathResult
from benchmarks.harness.measuring import Measured
from benchmarks.harness.pacer import Pacer
from benchmarks.peers.paths import TITLES
from benchmarks.servers import Started

Rows = list[list[str]]


@dataclass(frozen=True)
class Effort:
    """How long each is measured, and how far things grow."""

    seconds: float
    repetitions: int
    grants: int
    clients: int
    people: int


class WrongAnswers(RuntimeError):
    """Answers under load were not what they should be. The text says which."""


def costs(
    started: Started, paths: Sequence[str], effort: Effort, pacer: Pacer
) -> dict[str, PathResult]:
    """Measure paths of one server.

    Raises:
        WrongAnswers: there were errors; figures would say nothing.
    """
    found = {}
    for path in paths:
        asked = started.asked
        measured = Measured(
            asked.peer,
            path,
            asked.plans()[path],
            asked.prepared.endpoints.jwks,
            asked.directory,
            PathResult(),
        )
        measured.warm_up(1)
        for _ in range(effort.repetitions):
            repetition = measured.repeat(effort.seconds, pacer)
            if repetition.errors:
                raise WrongAnswers(f"{TITLES[path]}: {repetition.errors}: {repetition.error}")
        found[path] = measured.result
    return found


def table_of(what: str, rows: Sequence[tuple[str, dict[str, PathResult]]], pacer: Pacer) -> Rows:
    """One row for each size; for each path what an operation costs, and how many there were."""
    paths = list(rows[0][1])
    head = [what]
    for path in paths:
        head += [f"{TITLES[path]}: CPU us", "operations/s"]
    table = [head]
    for size, found in rows:
        cells = [size]
        for path in paths:
            summary = found[path].summary(pacer.reference)
            cells += [f"{summary.cpu_us:,.0f}", f"{summary.median:,.0f}"]
        table.append(cells)
    return table
