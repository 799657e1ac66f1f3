"""The tables of `docs/capacity.md`."""

from __future__ import annotations

from typing import Any

from benchmarks.capacity.model import Costs, Demand, needs
from benchmarks.harness.pages import DOCS, replace_part
from benchmarks.harness.table import markdown

PAGE = DOCS / "capacity.md"

DEMANDS: tuple[Demand, ...] = (
    Demand(1_000, 10_000),
    Demand(100_000, 1_000_000),
    Demand(10_000_000, 100_000_000),
    Demand(10_000_000, 1_000_000_000),
)


def rows(costs: Costs, demands: tuple[Demand, ...] = DEMANDS) -> list[list[str]]:
    """Return one row for each demand."""
    table = [
        ["log-ins an hour", "people", "a second", "cores busy to 60 %", "workers",
         "Redis GiB a copy", "masters", "nodes with two replicas each"]
    ]  # fmt: skip
    for demand in demands:
        found = needs(demand, costs)
        table.append(
            [
                f"{demand.log_ins_an_hour:,.0f}",
                f"{demand.people:,.0f}",
                f"{found.log_ins_a_second:,.1f}",
                f"{found.cores:,.2f}",
                f"{found.workers:,}",
                f"{found.gib_a_copy:,.1f}",
                f"{found.masters:,}",
                f"{found.nodes:,}",
            ]
        )
    return table


def costs_table(costs: Costs) -> list[list[str]]:
    operations = (
        ("log-in of somebody with a session, RS256", "log_in", costs.log_in, costs.redis_log_in),
        (
            "first sign-in, all pages of it",
            "first",
            costs.first_sign_in,
            costs.redis_log_in,
        ),
        ("refresh, RS256", "refresh", costs.refresh, costs.redis_refresh),
        ("introspection of a new token", "introspection", costs.introspection, costs.redis_read),
        ("userinfo with a new token", "userinfo", costs.userinfo, costs.redis_read),
    )
    table = [["operation", "in the formula", "CPU of a worker", "time of a Redis master"]]
    table += [[what, f"`{name}`", *_us(cpu, redis)] for what, name, cpu, redis in operations]
    return table


def _us(*seconds: float) -> list[str]:
    return [f"{each * 1e6:,.0f} us" for each in seconds]


def publish(costs: Costs, measured: str, scale: dict[str, Any]) -> None:
    """Replace the computed part of the page."""
    growth = [
        f"**{name}**\n\n{markdown(part['rows'])}"
        for name, part in scale.items()
        if name != "sign-in"
    ]
    tables = [measured, markdown(costs_table(costs)), markdown(rows(costs)), *growth]
    replace_part(PAGE, "computed", "\n\n".join(tables))
