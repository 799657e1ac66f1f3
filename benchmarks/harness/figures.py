"""What a measurement is, and how many of them become one figure."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.harness.pacer import Speed, at_reference, cost_at_reference


@dataclass(frozen=True)
class Repetition:
    """One run of the load against one path of one server.

    `operations`: whole ones; a log-in is one, though it takes two requests.
    `speed`: of the server's core around it. `cpu_seconds`: what the server's processes took.
    """

    seconds: float
    operations: int
    errors: int
    speed: Speed
    cpu_seconds: float
    error: str = ""

    @property
    def rate(self) -> float:
        return self.operations / self.seconds

    @property
    def busy(self) -> float:
        """The share of its core that the server took. Well under 1: something else was slow."""
        return self.cpu_seconds / self.seconds


@dataclass(frozen=True)
class Latency:
    """Of single requests, in milliseconds, at a fixed rate of operations."""

    rate: float
    p50_ms: float
    p99_ms: float


@dataclass
class PathResult:
    """Everything measured of one path of one server."""

    repetitions: list[Repetition] = field(default_factory=list)
    latency: Latency | None = None
    redis: dict[str, float] = field(default_factory=dict)
    """Commands by name, and `bytes in`, `bytes out`: of one operation."""
    tokens_checked: int = 0
    failure: str = ""
    """Why it could not be measured to the end."""

    @property
    def errors(self) -> int:
        return sum(one.errors for one in self.repetitions) + bool(self.failure)

    def summary(self, reference: Speed) -> Summary:
        return summarize(self.repetitions, reference)


@dataclass(frozen=True)
class Summary:
    """Operations per second at the reference speed, and CPU per operation in microseconds."""

    median: float
    lowest: float
    highest: float
    cpu_us: float
    busy: float

    @property
    def spread(self) -> float:
        """Half of what lies between the extremes, as a share of the median."""
        return (self.highest - self.lowest) / 2 / self.median if self.median else 0.0


def summarize(repetitions: Sequence[Repetition], reference: Speed) -> Summary:
    """Take the median of repetitions, each corrected for its core's speed."""
    rates = [at_reference(one.rate, one.speed, reference) for one in repetitions]
    costs = [
        cost_at_reference(one.cpu_seconds, one.speed, reference) / one.operations * 1e6
        for one in repetitions
        if one.operations
    ]
    return Summary(
        median=statistics.median(rates),
        lowest=min(rates),
        highest=max(rates),
        cpu_us=statistics.median(costs) if costs else 0.0,
        busy=statistics.median(one.busy for one in repetitions),
    )


def ratio(mine: Summary | None, other: Summary | None) -> float | None:
    """How many times as many operations, or None where one of them has no such path."""
    if mine is None or other is None or not other.median:
        return None
    return mine.median / other.median


Results = dict[str, dict[str, PathResult]]
"""By path, then by server."""


def summaries(results: Results, reference: Speed) -> dict[str, dict[str, Summary]]:
    return {
        path: {name: one.summary(reference) for name, one in servers.items() if one.repetitions}
        for path, servers in results.items()
    }


def as_json(results: Results, reference: Speed) -> dict[str, Any]:
    """Everything, for a file: what was seen, and the figures made of it."""
    return {path: _servers_as_json(servers, reference) for path, servers in results.items()}


def _servers_as_json(servers: Mapping[str, PathResult], reference: Speed) -> dict[str, Any]:
    return {
        name: vars(one.summary(reference))
        | {
            "errors": one.errors,
            "failure": one.failure,
            "tokens_checked": one.tokens_checked,
            "latency_at_half_rate": vars(one.latency) if one.latency else None,
            "redis_per_operation": one.redis,
            "repetitions": [asdict(repetition) for repetition in one.repetitions],
        }
        for name, one in servers.items()
        if one.repetitions
    }
