"""One person with more and more grants: what the scripts of the token path cost Redis, and those
that sign the person out everywhere.

Read from Redis itself (`INFO commandstats`: microseconds of a script), so that nothing else on the
machine plays a part. A script that walked through all grants would take thousands of times longer
at a hundred thousand of them.
"""

from __future__ import annotations

import json
from pathlib import Path

from authserver.local.cluster import LocalCluster
from authserver.local.ports import free_base_port
from benchmarks.scale.costs import Effort, Rows
from tests.support.server import install

SIZES = (1, 10, 100, 1000, 10_000, 100_000)
OPERATIONS = (
    "issue",
    "redeem",
    "redeem, one too many",
    "rotate",
    "find",
    "sign out everywhere",
    "then a page",
)
_PROGRAM = """
import json
from benchmarks.scale import one_person
print(json.dumps(one_person.grow({sizes})))
"""


def measure(directory: Path, effort: Effort) -> Rows:
    cluster = LocalCluster(
        directory / "cluster", 1, 0, base_port=free_base_port(1), end_with_parent=True
    )
    cluster.start()
    try:
        installation = install(directory, "http://localhost:8000", cluster.url)
        found = installation.run(_PROGRAM.format(sizes=list(SIZES)))
    finally:
        cluster.stop()
    (directory / "person.json").write_text(json.dumps(found))
    rows = [["grants of one person", *(f"{name}: us in Redis" for name in OPERATIONS)]]
    for size in SIZES:
        rows.append([f"{size:,}", *(f"{found[str(size)][name]:.1f}" for name in OPERATIONS)])
    return rows
