"""Shows where the CPU time of one path goes: `python -m benchmarks.profile PATH [--lines 40]`.

Loads Gatehouse under Python's own profiler, with one thread, and prints CPU time: waiting costs
nothing. The profiler makes calls dearer than what they do, so read shares, not times.
"""

from __future__ import annotations

import argparse
import pstats
import tempfile
from pathlib import Path

from benchmarks.harness import wrk
from benchmarks.harness.machine import check_machine, take_load_core
from benchmarks.harness.profiling import BEGIN, END
from benchmarks.peers.all import SERVERS
from benchmarks.peers.gatehouse import Gatehouse
from benchmarks.peers.paths import TITLES
from benchmarks.peers.relying_party import ask
from benchmarks.servers import running_servers


class ProfiledGatehouse(Gatehouse):
    """Gatehouse with the profiler around it, on one thread so that one profile sees all."""

    name = "profiled"
    application, threads = "benchmarks.profiled_app:application", 1


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("path", choices=TITLES)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--lines", type=int, default=40, help="functions to show (default 40)")
    parser.add_argument("--sort", default="tottime", choices=("tottime", "cumtime", "ncalls"))
    options = parser.parse_args()
    check_machine()
    take_load_core()
    with tempfile.TemporaryDirectory(prefix="gatehouse-profile-") as directory:
        profile(Path(directory), options.path, options.seconds, options.sort, options.lines)


def profile(directory: Path, path: str, seconds: float, sort: str, lines: int) -> None:
    """Load one path, and print the functions that took the most."""
    servers = SERVERS | {ProfiledGatehouse.name: ProfiledGatehouse}
    with running_servers(directory, [ProfiledGatehouse.name], servers) as running:
        asked = running[ProfiledGatehouse.name].asked
        make_plan = asked.plans()[path]
        wrk.run(make_plan(), asked.peer.url, directory, seconds=1, connections=4)
        plan, file = make_plan(), directory / "profile"
        ask(asked.peer, "GET", BEGIN)
        run = wrk.run(plan, asked.peer.url, directory, seconds=seconds, connections=4)
        ask(asked.peer, "GET", f"{END}?{file}")
    print(f"{TITLES[path]}: {run.operations} operations, {run.errors} errors")
    pstats.Stats(str(file)).sort_stats(sort).print_stats(lines)


if __name__ == "__main__":
    main()
