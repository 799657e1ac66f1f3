"""Compares Gatehouse with other servers: `make bench`, or for a few minutes `make bench-quick`.

.venv/bin/python -m benchmarks [--quick] [--servers gatehouse limit] [--paths jwks]
"""

from __future__ import annotations

import argparse
import sys

from benchmarks.comparison import FULL, QUICK, compare
from benchmarks.harness.machine import check_machine
from benchmarks.peers.all import SERVERS
from benchmarks.peers.paths import TITLES


def main() -> int:
    """Returns the exit status: 1 if any answer was wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two minutes, us and the limit only")
    parser.add_argument("--servers", nargs="+", choices=SERVERS, help="only these")
    parser.add_argument("--paths", nargs="+", choices=TITLES, help="only these")
    parser.add_argument("--repetitions", type=int, help="of each path and server")
    parser.add_argument("--seconds", type=float, help="of one repetition")
    options = parser.parse_args()
    check_machine()
    effort = (QUICK if options.quick else FULL).changed(options.repetitions, options.seconds)
    return compare(effort, options.servers or effort.servers, options.paths or list(TITLES))


if __name__ == "__main__":
    sys.exit(main())
