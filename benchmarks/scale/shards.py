"""Clusters of one, three and six masters, with a replica each."""

from __future__ import annotations

from pathlib import Path

from benchmarks.harness.pacer import Pacer
from benchmarks.scale.costs import Effort, Rows, costs, table_of
from benchmarks.servers import running_servers

PATHS = ("login_es256", "refresh_es256", "introspect_same")


def measure(directory: Path, effort: Effort) -> Rows:
    pacer, rows = Pacer(), []
    for masters in (1, 3, 6):
        here = directory / str(masters)
        with running_servers(here, ["gatehouse"], masters=masters) as running:
            rows.append((f"{masters}", costs(running["gatehouse"], PATHS, effort, pacer)))
    return table_of("masters", rows, pacer)
