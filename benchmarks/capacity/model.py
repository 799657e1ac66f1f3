"""The formula of `docs/capacity.md`: what a demand needs, from what operations cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median
from typing import Any

GIB = 2**30


@dataclass(frozen=True)
class Costs:
    """Of one operation: CPU seconds of a worker, and seconds that a master runs its scripts."""

    log_in: float
    first_sign_in: float
    refresh: float
    introspection: float
    userinfo: float
    redis_log_in: float
    redis_refresh: float
    redis_read: float


COMMAND = 10e-6
"""What a command takes a master besides its script: reading, answering, replicating. Assumed."""


@dataclass(frozen=True)
class Demand:
    """What people and apps do. Rates are those of the busiest hour.

    `first`: the share of log-ins that meet the log-in page; the others have a session.
    For each log-in there are so many refreshes, introspections and calls of userinfo.
    """

    log_ins_an_hour: float
    people: float
    first: float = 0.2
    refreshes: float = 4
    introspections: float = 4
    userinfos: float = 1
    sessions_a_person: float = 1
    grants_a_person: float = 2


@dataclass(frozen=True)
class Reserve:
    """How full things may be. `copies`: a master and its replicas."""

    of_a_core: float = 0.6
    of_a_master: float = 0.4
    memory_factor: float = 1.5
    copies: int = 3
    gib_a_node: float = 16
    """Of data: a node as large as one has the courage to restart."""


# Bytes of one copy, from `docs/cluster.md`.
BROWSER_SESSION, SIGN_ON, GRANT = 970, 486, 820
INTERACTION, CODE = 1220, 660
CODE_SECONDS = 120


@dataclass(frozen=True)
class Needs:
    """`cores`: of servers. `gib_a_copy`: with the reserve."""

    log_ins_a_second: float
    cores: float
    workers: int
    masters: int
    nodes: int
    gib_a_copy: float


def needs(demand: Demand, costs: Costs, reserve: Reserve | None = None) -> Needs:
    """Compute what a demand needs. Never less than three masters, and two workers."""
    reserve = reserve or Reserve()
    rate = demand.log_ins_an_hour / 3600
    cpu = rate * (
        (1 - demand.first) * costs.log_in
        + demand.first * costs.first_sign_in
        + demand.refreshes * costs.refresh
        + demand.introspections * costs.introspection
        + demand.userinfos * costs.userinfo
    )
    redis = rate * (
        costs.redis_log_in
        + demand.refreshes * costs.redis_refresh
        + (demand.introspections + demand.userinfos) * costs.redis_read
    )
    cores = cpu / reserve.of_a_core
    memory = _bytes(demand) * reserve.memory_factor / GIB
    masters = max(3, math.ceil(redis / reserve.of_a_master), math.ceil(memory / reserve.gib_a_node))
    return Needs(rate, cores, max(2, math.ceil(cores)), masters, masters * reserve.copies, memory)


def _bytes(demand: Demand) -> float:
    """Return what one copy of the data takes in Redis."""
    first_sign_ins_an_hour = demand.log_ins_an_hour * demand.first
    return (
        demand.people * demand.sessions_a_person * (BROWSER_SESSION + SIGN_ON)
        + demand.people * demand.grants_a_person * GRANT
        + first_sign_ins_an_hour * INTERACTION
        + demand.log_ins_an_hour / 3600 * CODE_SECONDS * CODE
    )


def measured_costs(bench: dict[str, Any], scale: dict[str, Any]) -> Costs:
    """Take costs from the results of `make bench` and `benchmarks.scale`."""
    cpu = {path: servers["gatehouse"]["cpu_us"] / 1e6 for path, servers in bench["paths"].items()}
    names, *sizes = scale["person"]["rows"]
    # However many grants a person has, it is the same: the middle of all is the best figure.
    columns = list(zip(names, *sizes, strict=True))[1:]
    took = {
        name.partition(":")[0]: median(float(us) / 1e6 for us in times) for name, *times in columns
    }
    return Costs(
        log_in=cpu["login_rs256"],
        first_sign_in=float(scale["sign-in"]["rows"][1][1]) / 1000,
        refresh=cpu["refresh_rs256"],
        introspection=cpu["introspect_new"],
        userinfo=cpu["userinfo_new"],
        # A session is read much as a grant is. `WAIT` is a command of its own.
        redis_log_in=took["issue"] + took["redeem"] + took["find"] + 5 * COMMAND,
        redis_refresh=took["rotate"] + 2 * COMMAND,
        redis_read=took["find"] + COMMAND,
    )
