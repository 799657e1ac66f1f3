"""Prometheus metrics of the protocol endpoints. Read at `/metrics`."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter as Counts
from collections import defaultdict
from collections.abc import Collection

from prometheus_client import Counter, Gauge, Histogram

from oidc.event import Event


class BatchHistogram(Histogram):
    """A histogram that takes observations by the batch.

    Each write to a value takes a lock, asks for the process id and packs a float. So a batch is
    added up first, and writes to each of its buckets once.
    """

    def observe_all(self, amounts: Collection[float]) -> None:
        """Add each amount to the first bucket that holds it, as `observe` does one by one."""
        buckets = Counts(bisect_left(self._upper_bounds, amount) for amount in amounts)
        for bucket, number in buckets.items():
            self._buckets[bucket].inc(number)
        self._sum.inc(sum(amounts))


REQUESTS = Counter(
    "gatehouse_requests_total",
    "Requests answered, by endpoint, status and OAuth error.",
    ("endpoint", "status", "error"),
)
SECONDS = BatchHistogram(
    "gatehouse_request_seconds",
    "Time to answer, by endpoint.",
    ("endpoint",),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
STORE_RETRIES = Counter(
    "gatehouse_store_retries_total",
    "Attempts of calls that the Redis Cluster did not answer at once.",
)
STORE_UNAVAILABLE = Counter(
    "gatehouse_store_unavailable_total",
    "Calls of the Redis Cluster given up, by reason: no_answer in time; too_many_waiting already; "
    "no_writes, because a node's memory or disk is full; overtaken by others on the way; slow, "
    "because the node answers, but too slowly for all who ask.",
    ("reason",),
)
STORE_SHARDS_UNAVAILABLE = Gauge(
    "gatehouse_store_shards_unavailable",
    "Shards of the Redis Cluster that a process waits for in vain: the most that any one does.",
    multiprocess_mode="livemax",
)
TOPOLOGY_CHANGES = Counter(
    "gatehouse_store_topology_changes_total",
    "Changes of the Redis Cluster's masters that a process has noticed.",
)


def count(events: Collection[Event]) -> None:
    """Note answered requests."""
    answers = Counts((event.endpoint, event.status, event.error) for event in events)
    for (endpoint, status, error), number in answers.items():
        REQUESTS.labels(endpoint, str(status), error).inc(number)
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    for event in events:
        seconds[event.endpoint].append(event.duration_ms / 1000)
    for endpoint, amounts in seconds.items():
        SECONDS.labels(endpoint).observe_all(amounts)
