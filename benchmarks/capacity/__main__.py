"""From measured costs to hardware: how many cores, how many Redis nodes, how much memory.

    .venv/bin/python -m benchmarks.capacity --log-ins 100000 --people 1000000

Needs the results of `make bench` and `benchmarks.scale`. `--publish` writes `docs/capacity.md`.
"""

from __future__ import annotations

import argparse
import json

from benchmarks.capacity.model import Demand, measured_costs
from benchmarks.capacity.page import DEMANDS, costs_table, publish, rows
from benchmarks.harness.table import text
from benchmarks.servers import RESULTS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.capacity")
    parser.add_argument("--log-ins", type=float, help="in the busiest hour")
    parser.add_argument("--people", type=float, help="who have a session and grants")
    parser.add_argument("--publish", action="store_true", help="write the tables of the page")
    options = parser.parse_args()
    bench, scale = (json.loads((RESULTS / f"{n}.json").read_text()) for n in ("bench", "scale"))
    costs = measured_costs(bench, scale)
    demands = DEMANDS
    if options.log_ins and options.people:
        demands = (Demand(options.log_ins, options.people),)
    print(f"{text(costs_table(costs))}\n\n{text(rows(costs, demands))}")
    if options.publish:
        publish(costs, f"Measured on {bench['at'][:10]}, {bench['machine']}.", scale)


if __name__ == "__main__":
    main()
