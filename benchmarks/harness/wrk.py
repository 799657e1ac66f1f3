"""Runs the load generator once."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.harness.machine import LOAD_CORE
from benchmarks.harness.plan import Plan

SCRIPT = Path(__file__).with_name("wrk.lua")
PATIENCE_SECONDS = 30
_MARK = "RESULT "


class LoadFailed(RuntimeError):
    """The load generator itself did not do its work."""


@dataclass(frozen=True)
class Run:
    """What one run saw. Latencies are those of single requests.

    `unavailable`: answers with status 503, which are not among the errors.
    """

    requests: int
    operations: int
    seconds: float
    errors: int
    unavailable: int
    idle: int
    p50_ms: float
    p99_ms: float
    error: str


def run(
    plan: Plan, url: str, directory: Path, *, seconds: float, connections: int, **more: Any
) -> Run:
    """Load one server.

    `more`: members of the plan for this run, such as `pause_ms` between the requests of a
    connection.
    """
    plan_path = directory / "plan.lua"
    plan.write(plan_path, seed=1, **more)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s"]
    command += ["--timeout", f"{PATIENCE_SECONDS}s", "-s", str(SCRIPT), url + plan.target]
    environment = {"PATH": os.environ["PATH"], "BENCHMARK_PLAN": str(plan_path)}
    done = subprocess.run(
        ["taskset", "-c", str(LOAD_CORE), *command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=seconds + 2 * PATIENCE_SECONDS,
    )
    for line in done.stdout.splitlines():
        if line.startswith(_MARK):
            return Run(**json.loads(line.removeprefix(_MARK)))
    raise LoadFailed(f"{done.stdout}\n{done.stderr}"[-2000:])
