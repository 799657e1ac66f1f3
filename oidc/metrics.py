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


def count(endpoint: str, status: int, error: str, seconds: float) -> None:
    """Note one answered request."""
    REQUESTS.labels(endpoint, str(status), error).inc()
    SECONDS.labels(endpoint).observe(seconds)
