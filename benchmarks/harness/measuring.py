"""One path of one server: repetitions, then its latency at half the rate."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import processes, redis_cost, tokens, wrk
from benchmarks.harness.figures import Latency, PathResult, Repetition
from benchmarks.harness.pacer import Pacer
from benchmarks.harness.plan import Plan
from benchmarks.peers.base import Peer
from benchmarks.peers.relying_party import ask

CONNECTIONS, CONNECTIONS_OF_THE_SLOW = 16, 4
SAMPLE_EVERY = 20
LEAST_PAUSE_MS = 10
MOST_CONNECTIONS = 128
LEAST_RATE_FOR_LATENCY = 50
"""Below, half the rate over a few seconds has too few answers for a 99th percentile."""
_LEAST_CONNECTIONS = 4


@dataclass
class Measured:
    """A path while it is measured. `make_plan`: prepares what one run consumes."""

    peer: Peer
    path: str
    make_plan: Callable[[], Plan]
    jwks_target: str
    directory: Path
    result: PathResult

    @property
    def _connections(self) -> int:
        return CONNECTIONS_OF_THE_SLOW if self.peer.is_slow else CONNECTIONS

    def warm_up(self, seconds: float) -> None:
        """Let caches fill and compilers compile. Counts nothing."""
        if not self.peer.is_slow:
            self._run(seconds, self._connections)

    def repeat(self, seconds: float, pacer: Pacer) -> Repetition:
        """Load the path once, as fast as it goes."""
        plan, sample = self.make_plan(), self.directory / "sample.jsonl"
        sample.unlink(missing_ok=True)
        pids, nodes = self.peer.program.pids(), self.peer.redis_nodes()
        redis_before, speed_before = redis_cost.counters(nodes), pacer.measure()
        cpu_before = processes.cpu_seconds(pids)
        run = self._run(
            seconds,
            self._connections,
            plan,
            sample_file=str(sample),
            sample_every=1 if self.peer.is_slow else SAMPLE_EVERY,
        )
        cpu = processes.cpu_seconds(pids) - cpu_before
        speed = speed_before.between(pacer.measure())
        wrong = self._wrong_tokens(sample)
        repetition = Repetition(
            run.seconds,
            run.operations,
            run.errors + run.unavailable + run.idle + (1 if wrong else 0),
            speed,
            cpu,
            wrong or run.error,
        )
        self.result.redis = redis_cost.per_operation(
            redis_before, redis_cost.counters(nodes), run.operations
        )
        self.result.repetitions.append(repetition)
        return repetition

    def measure_latency(self, seconds: float) -> None:
        """Load the path at half the rate it has shown, with many connections that pause."""
        if self.result.failure:
            return
        rate = statistics.median(one.rate for one in self.result.repetitions)
        if rate < LEAST_RATE_FOR_LATENCY:
            return
        plan = self.make_plan()
        requests = rate / 2 * plan.requests_per_operation
        connections, pause_ms = paced(requests)
        run = self._run(seconds, connections, plan, pause_ms=pause_ms)
        self.result.latency = Latency(run.operations / run.seconds, run.p50_ms, run.p99_ms)

    def _run(
        self, seconds: float, connections: int, plan: Plan | None = None, **more: object
    ) -> wrk.Run:
        return wrk.run(
            plan or self.make_plan(),
            self.peer.url,
            self.directory,
            seconds=seconds,
            connections=connections,
            **more,
        )

    def _wrong_tokens(self, sample: Path) -> str:
        """Say what is wrong with the sample of a path that issues tokens, if anything is."""
        if not self.path.startswith(("client_credentials", "login", "refresh")):
            return ""
        _, _, body = ask(self.peer, "GET", self.jwks_target)
        algorithm = "ES256" if self.path.endswith("es256") else "RS256"
        try:
            with sample.open() as answers:
                self.result.tokens_checked += tokens.check(answers, json.loads(body), algorithm)
        except tokens.BadTokens as problem:
            return str(problem)
        return ""


def paced(requests_per_second: float) -> tuple[int, float]:
    """Return how many connections make a rate, and how long each pauses between requests.

    The pause is long beside an answer, so that the rate hardly depends on how long answers take.
    """
    wanted = round(requests_per_second * LEAST_PAUSE_MS / 1000)
    connections = max(_LEAST_CONNECTIONS, min(wanted, MOST_CONNECTIONS))
    return connections, connections / requests_per_second * 1000
