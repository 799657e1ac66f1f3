"""Whether something grew, and whether anything failed that had no reason to."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from benchmarks.soak.windows import Window

WORKER_GROWTH_ALLOWED = 0.05
REDIS_GROWTH_ALLOWED = 0.15
"""Beyond that of the load: there are as many traces of codes as there were visits in two minutes,
so they follow a machine that gets faster, and a little late."""
FILES_ALLOWED = 8
"""More descriptors at the end than in the middle: connections to nodes that have moved."""
LATENCY_ALLOWED = 2.0
LEAST_MINUTES = 6
"""Traces of codes live for two minutes: before, Redis has not come to rest."""

_COLUMNS = (
    "visits/s", "p50 ms", "p99 ms", "errors", "503", "worker MiB", "descriptors", "Redis MiB",
    "keys",
)  # fmt: skip


def thirds(windows: Sequence[Window]) -> list[list[Window]]:
    """Divide calm windows by the failures: beginning, middle, end."""
    count = len(windows)
    parts = [windows[: count // 3], windows[count // 3 : 2 * count // 3], windows[2 * count // 3 :]]
    return [[one for one in part if not one.failing] or list(part) for part in parts]


def summary(windows: Sequence[Window]) -> list[list[str]]:
    """One row for each third of the time, and one for the windows of failures."""
    rows = [["", *_COLUMNS]]
    names = ("first third", "second third", "last third")
    for name, part in zip(names, thirds(windows), strict=True):
        rows.append(_row(name, part))
    if failing := [window for window in windows if window.failing]:
        rows.append(_row("while failing", failing))
    return rows


def complaints(windows: Sequence[Window]) -> list[str]:
    """Say what is not as it should be."""
    found = [
        f"{window.errors} errors, {window.unavailable} times 503 after {window.second:.0f} s: "
        f"{window.error}"
        for window in windows
        if window.errors or (window.unavailable and not window.failing)
    ]
    if windows[-1].second < LEAST_MINUTES * 60:
        return found
    _, middle, end = thirds(windows)
    if (grown := _worker(end) / _worker(middle) - 1) > WORKER_GROWTH_ALLOWED:
        found.append(f"memory of the worker grew by {grown:.0%} from the second third to the last")
    more_load = max(1.0, _visits(end) / _visits(middle))
    if (grown := _redis(end) / _redis(middle) / more_load - 1) > REDIS_GROWTH_ALLOWED:
        found.append(f"memory of Redis grew by {grown:.0%} more than the load did")
    if (more := _files(end) - _files(middle)) > FILES_ALLOWED:
        found.append(f"{more:.0f} descriptors more in the last third than in the second")
    if _p99(end) > LATENCY_ALLOWED * _p99(middle):
        found.append(f"p99 went from {_p99(middle):.1f} to {_p99(end):.1f} ms")
    return found


def _median(of: Callable[[Window], float]) -> Callable[[Sequence[Window]], float]:
    return lambda windows: statistics.median(map(of, windows))


_visits = _median(lambda window: window.visits)
_worker = _median(lambda window: window.worker_bytes)
_redis = _median(lambda window: window.redis_bytes)
_files = _median(lambda window: window.worker_files)
_p99 = _median(lambda window: window.p99_ms)
_p50 = _median(lambda window: window.p50_ms)


def _row(name: str, windows: Sequence[Window]) -> list[str]:
    return [
        name,
        f"{_visits(windows):.0f}",
        f"{_p50(windows):.1f}",
        f"{_p99(windows):.1f}",
        f"{sum(window.errors for window in windows)}",
        f"{sum(window.unavailable for window in windows)}",
        f"{_worker(windows) / 2**20:.1f}",
        f"{_files(windows):.0f}",
        f"{_redis(windows) / 2**20:.1f}",
        f"{statistics.median(window.redis_keys for window in windows):,.0f}",
    ]
