"""What one operation costs Redis: commands by name, and bytes on the wire."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

# What nodes, replicas and health checks say by themselves.
_NOISE = {"info", "ping", "replconf", "psync", "cluster|nodes", "cluster|info", "cluster|slots",
          "cluster|shards", "client|setinfo", "client|setname", "hello", "command", "config|get",
          "select", "cluster|myid", "readonly", "script|load"}  # fmt: skip


def counters(nodes: Sequence[Any]) -> Counter[str]:
    """Return what all nodes have counted since they started.

    Commands that scripts run inside count, too: Redis does not tell them apart. Bytes to and from
    replicas do not count.
    """
    seen: Counter[str] = Counter()
    for node in nodes:
        for name, about in node.info("commandstats").items():
            seen[name.removeprefix("cmdstat_")] += about["calls"]
        stats = node.info("stats")
        for direction in ("input", "output"):
            replication = stats.get(f"total_net_repl_{direction}_bytes", 0)
            seen[f"bytes {direction}"] += stats[f"total_net_{direction}_bytes"] - replication
    return seen


def per_operation(
    before: Mapping[str, int], after: Mapping[str, int], operations: int
) -> dict[str, float]:
    """Return what was counted between two moments, for one operation each."""
    if not operations:
        return {}
    costs = {
        name: (after[name] - before.get(name, 0)) / operations
        for name in after
        if name not in _NOISE
    }
    return {name: round(cost, 2) for name, cost in sorted(costs.items()) if cost >= 0.05}


def described(costs: Mapping[str, float]) -> str:
    """Say it in a cell of a table: what was sent, and what scripts did inside."""
    commands = {name: cost for name, cost in costs.items() if not name.startswith("bytes")}
    if not commands:
        return "none"
    sent = {n: c for n, c in commands.items() if n in ("evalsha", "eval", "wait")}
    inside = sum(commands.values()) - sum(sent.values())
    if not sent:
        return ", ".join(f"{cost:.1f} {name}" for name, cost in commands.items())
    said = ", ".join(f"{cost:.1f} {name}" for name, cost in sent.items())
    return f"{said}; {inside:.1f} others, most inside scripts"
