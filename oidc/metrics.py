"""Prometheus metrics of the protocol endpoints. Read at `/metrics`."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

REQUESTS = Counter(
    "gatehouse_requests_total",
    "Requests answered, by endpoint, status and OAuth error.",
    ("endpoint", "status", "error"),
)
SECONDS = Histogram(
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
    "Calls given up: no answer of the Redis Cluster in time, or too many were waiting already.",
)
TOPOLOGY_CHANGES = Counter(
    "gatehouse_store_topology_changes_total",
    "Changes of the Redis Cluster's masters that a process has noticed.",
)


def count(endpoint: str, status: int, error: str, seconds: float) -> None:
    """Note one answered request."""
    REQUESTS.labels(endpoint, str(status), error).inc()
    SECONDS.labels(endpoint).observe(seconds)
