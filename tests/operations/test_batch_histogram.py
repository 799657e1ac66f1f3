"""A histogram that takes a batch tells what one that took the same amounts one by one does."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.exposition import generate_latest

from oidc.metrics import BatchHistogram

BUCKETS = (0.25, 0.5, 1)


def told_by(kind: type[Histogram], *batches: list[float]) -> list[str]:
    registry = CollectorRegistry()
    histogram = kind("seconds", "Help.", ("endpoint",), buckets=BUCKETS, registry=registry)
    child = histogram.labels("token")
    for batch in batches:
        if isinstance(child, BatchHistogram):
            child.observe_all(batch)
        else:
            for amount in batch:
                child.observe(amount)
    return [
        line for line in generate_latest(registry).decode().splitlines() if "_created" not in line
    ]


@pytest.mark.parametrize(
    "batches",
    [
        pytest.param([[]], id="nothing"),
        pytest.param([[0.125]], id="below the first bound"),
        pytest.param([[0.25, 0.5, 1.0]], id="on each bound"),
        pytest.param([[2.0, 64.0]], id="above the last bound"),
        pytest.param([[0.125, 0.375, 0.375], [0.375, 2.0]], id="two batches"),
    ],
)
def test_a_batch_counts_as_its_amounts_do(batches: list[list[float]]) -> None:
    assert told_by(BatchHistogram, *batches) == told_by(Histogram, *batches)
