"""One worker on one core, two workers on two.

With two cores in all, the second worker shares its core with the load and all Redis nodes: the rate
says what the whole machine does, and only the CPU time of an operation can be compared.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.harness.machine import LOAD_CORE, SERVER_CORE
from benchmarks.harness.pacer import Pacer
from benchmarks.peers.gatehouse import Gatehouse
from benchmarks.scale.costs import Effort, Rows, costs, table_of
from benchmarks.servers import running_servers

PATHS = ("client_credentials", "refresh_es256", "jwks")


class TwoWorkers(Gatehouse):
    workers = 2
    on_cores = ["taskset", "-c", f"{SERVER_CORE},{LOAD_CORE}"]


def measure(directory: Path, effort: Effort) -> Rows:
    pacer, rows = Pacer(), []
    for kind in (Gatehouse, TwoWorkers):
        here = directory / str(kind.workers)
        with running_servers(here, ["gatehouse"], {"gatehouse": kind}) as running:
            rows.append((f"{kind.workers}", costs(running["gatehouse"], PATHS, effort, pacer)))
    return table_of("workers", rows, pacer)
