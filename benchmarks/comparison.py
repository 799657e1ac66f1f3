"""The comparison: all servers at once, one path after the other, repetitions in turn."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any

from benchmarks.harness import machine, plot, processes, table
from benchmarks.harness.figures import PathResult, Results, as_json, summaries
from benchmarks.harness.measuring import Measured
from benchmarks.harness.pacer import Pacer
from benchmarks.harness.wrk import LoadFailed
from benchmarks.peers.all import SERVERS
from benchmarks.peers.paths import TITLES
from benchmarks.peers.relying_party import SignInFailed
from benchmarks.servers import RESULTS, Started, running_servers, say

# What a server that is overwhelmed, or broken, does to those who ask it.
TROUBLES = (OSError, HTTPException, LoadFailed, SignInFailed, subprocess.TimeoutExpired)


@dataclass(frozen=True)
class Effort:
    """How long and how often. `seconds_of_the_slow`: few answers a second need more of them."""

    name: str
    servers: Sequence[str]
    repetitions: int
    seconds: float
    repetitions_of_the_slow: int = 2
    seconds_of_the_slow: float = 4
    latency_seconds: float = 3

    def changed(self, repetitions: int | None, seconds: float | None) -> Effort:
        return replace(
            self,
            repetitions=repetitions or self.repetitions,
            seconds=seconds or self.seconds,
        )


FULL = Effort("bench", list(SERVERS), repetitions=5, seconds=3)
QUICK = Effort("bench-quick", ["gatehouse", "limit"], repetitions=2, seconds=1, latency_seconds=1)


def compare(effort: Effort, servers: Sequence[str], paths: Sequence[str]) -> int:
    """Run it all, print the table, write the results. Returns the exit status."""
    machine.take_load_core()
    started_at = time.monotonic()
    pacer, results = Pacer(), {}
    with (
        tempfile.TemporaryDirectory(prefix="gatehouse-bench-") as directory,
        running_servers(Path(directory), servers) as running,
    ):
        for path in paths:
            say(f"{TITLES[path]} ...")
            if measured := _measure(path, running, effort, pacer):
                results[path] = measured
        for one in running.values():
            pids = one.asked.peer.worker_pids()
            one.resident_bytes = max(map(processes.resident_bytes, pids))
    return _report(effort, results, pacer, running, time.monotonic() - started_at)


def _measure(
    path: str, running: dict[str, Started], effort: Effort, pacer: Pacer
) -> dict[str, PathResult]:
    """Measure one path at every server that has it, repetitions in turn."""
    measured = {
        name: Measured(
            one.asked.peer,
            path,
            one.asked.plans()[path],
            one.asked.prepared.endpoints.jwks,
            one.asked.directory,
            PathResult(),
        )
        for name, one in running.items()
        if path in one.asked.plans()
    }
    for one in measured.values():
        with _others_go_on(one):
            one.warm_up(1)
    for number in range(effort.repetitions):
        for one in measured.values():
            if one.peer.is_slow and number >= effort.repetitions_of_the_slow:
                continue
            seconds = effort.seconds_of_the_slow if one.peer.is_slow else effort.seconds
            with _others_go_on(one):
                _repeat(one, seconds, pacer)
    for one in measured.values():
        with _others_go_on(one):
            one.measure_latency(effort.latency_seconds)
    return {name: one.result for name, one in measured.items()}


def _repeat(measured: Measured, seconds: float, pacer: Pacer) -> None:
    if measured.result.failure:
        return
    repetition = measured.repeat(seconds, pacer)
    if repetition.errors:
        name = measured.peer.name
        say(f"  {name}: {repetition.errors} ERRORS, the first: {repetition.error}")


@contextmanager
def _others_go_on(measured: Measured) -> Iterator[None]:
    """Note what goes wrong with one server, and let the comparison go on without it."""
    try:
        yield
    except TROUBLES as trouble:
        measured.result.failure = f"{type(trouble).__name__}: {trouble}"
        say(f"  {measured.peer.name}: FAILED: {measured.result.failure}")


def _report(
    effort: Effort,
    results: Results,
    pacer: Pacer,
    running: dict[str, Started],
    seconds: float,
) -> int:
    titles = {name: SERVERS[name].title for name in running}
    rates = table.rates(results, pacer.reference, TITLES, titles)
    costs = table.costs(results, pacer.reference, TITLES, titles)
    memory = [["", "memory of a worker", "start until the first answer"]]
    memory += [
        [titles[name], f"{one.resident_bytes / 2**20:.0f} MiB", f"{one.start_seconds:.1f} s"]
        for name, one in running.items()
    ]
    errors = sum(one.errors for found in results.values() for one in found.values())
    print(f"\n{table.text(rates)}\n\n{table.text(costs)}\n\n{table.text(memory)}\n")
    print("* The server left more than a tenth of its core idle: something else set the limit.")
    print(
        f"{errors} errors. {machine.description()}; the core ran {pacer.range()}. {seconds:.0f} s."
    )
    document = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine.description(),
        "seconds": round(seconds),
        "pacer": {"range": pacer.range(), "speeds": [asdict(speed) for speed in pacer.speeds]},
        "servers": {
            name: {
                "title": titles[name],
                "resident_bytes": one.resident_bytes,
                "start_seconds": round(one.start_seconds, 2),
            }
            for name, one in running.items()
        },
        "paths": as_json(results, pacer.reference),
    }
    _write(effort.name, document, [rates, costs, memory])
    figures = summaries(results, pacer.reference)
    drawing = plot.bars("Operations per second on one core (logarithmic)", figures, TITLES, titles)
    (RESULTS / f"{effort.name}.svg").write_text(drawing)
    return 1 if errors else 0


def _write(name: str, document: dict[str, Any], tables: list[list[list[str]]]) -> None:
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")
    (RESULTS / f"{name}.md").write_text("\n\n".join(map(table.markdown, tables)) + "\n")
    say(f"Written: {RESULTS / name}.json, .md and .svg")
