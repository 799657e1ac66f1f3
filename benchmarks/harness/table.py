"""The one table, as text for a terminal and as Markdown for a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.harness.figures import PathResult, Results, Summary, ratio, summaries
from benchmarks.harness.pacer import Speed
from benchmarks.harness.redis_cost import described
from benchmarks.targets import MOST_P99_OVER_P50, target

OURS = "gatehouse"
ENOUGH_BUSY = 0.9
"""Less of its core than this, and the server was not what the rate was limited by."""


def rates(
    results: Results, reference: Speed, titles: Mapping[str, str], servers: Mapping[str, str]
) -> list[list[str]]:
    """Return operations per second, one row a path and one column a server, then our ratios.

    A ratio under its target says so.
    """
    figures = summaries(results, reference)
    others = [name for name in servers if name != OURS] if OURS in servers else []
    rows = [["operations/s", *servers.values()]]
    rows[0] += [f"against {_short(servers[name])}" for name in others]
    for path, found in figures.items():
        cells = [_rate(found.get(name), results[path].get(name)) for name in servers]
        ratios = [
            _ratio(ratio(found.get(OURS), found.get(name)), target(path, name)) for name in others
        ]
        rows.append([titles[path], *cells, *ratios])
    return rows


def costs(
    results: Results, reference: Speed, titles: Mapping[str, str], servers: Mapping[str, str]
) -> list[list[str]]:
    """Return what an operation costs, one row for each path and server.

    A p99 of ours over its target says so.
    """
    rows = [
        ["path", "server", "CPU us", "core busy", "p50 ms", "p99 ms", "bytes to and from Redis",
         "Redis commands"]
    ]  # fmt: skip
    for path, found in summaries(results, reference).items():
        for name, summary in found.items():
            result = results[path][name]
            sent, got = (result.redis.get(f"bytes {way}", 0) for way in ("input", "output"))
            rows.append(
                [
                    titles[path],
                    servers[name],
                    f"{summary.cpu_us:,.0f}",
                    f"{summary.busy:.0%}" + ("" if summary.busy >= ENOUGH_BUSY else " *"),
                    *_latencies(result, is_ours=name == OURS),
                    f"{sent:,.0f}, {got:,.0f}",
                    described(result.redis),
                ]
            )
    return rows


def text(rows: Sequence[Sequence[str]]) -> str:
    """Align columns: the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        first = row[0].ljust(widths[0])
        rest = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join([first, *rest]).rstrip())
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join(lines)


def markdown(rows: Sequence[Sequence[str]]) -> str:
    head, *rest = rows
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rest])


def _rate(summary: Summary | None, result: PathResult | None) -> str:
    if summary is None or result is None:
        return "FAILED" if result is not None and result.failure else "-"
    digits = 1 if summary.median < 10 else 0
    cell = f"{summary.median:,.{digits}f} ±{summary.spread:.0%}"
    return f"{cell} ({result.errors} ERRORS)" if result.errors else cell


def _ratio(value: float | None, wanted: float | None) -> str:
    if value is None:
        return "-"
    cell = f"{value:.2f}x" if value < 10 else f"{value:,.0f}x"
    return f"{cell} (under {wanted:g}x)" if wanted is not None and value < wanted else cell


def _short(title: str) -> str:
    """Leave away a version, and what stands in brackets."""
    return title.split(" ")[0]


def _latencies(result: PathResult, *, is_ours: bool) -> list[str]:
    if result.latency is None:
        return ["-", "-"]
    p50, p99 = result.latency.p50_ms, result.latency.p99_ms
    is_missed = is_ours and p99 > MOST_P99_OVER_P50 * p50
    missed = f" (over {MOST_P99_OVER_P50:g}x p50)" if is_missed else ""
    return [f"{p50:.2f}", f"{p99:.2f}{missed}"]
