"""An outage of one shard is one event, however many requests meet it."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from oidc.stores.redis.outage import ANYWHERE, Outages

SLOTS_OF_A_NODE = 100


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")


@pytest.fixture
def nodes() -> dict[int, str]:
    return {0: "a", 1: "b"}


@pytest.fixture
def outages(nodes: dict[int, str]) -> Outages:
    return Outages(lambda slot: nodes[slot // SLOTS_OF_A_NODE])


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged since the last time."""
    logged = [record.msg["event"] for record in caplog.records]
    caplog.clear()
    return logged


def test_answers_of_other_nodes_do_not_end_it(
    outages: Outages, nodes: dict[int, str], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        outages.note_failure(5, "gone", write=True)
        outages.note_answer(105, write=True)
    assert events(caplog) == ["store_unavailable"]
    nodes[0] = "c"  # another one has taken over
    outages.note_answer(7, write=True)
    outages.note_answer(7, write=True)
    assert events(caplog) == ["store_available"]


def test_reads_do_not_end_an_outage_of_writes(
    outages: Outages, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        outages.note_failure(5, "not confirmed", write=True)
        outages.note_answer(5, write=False)
    assert events(caplog) == ["store_unavailable"]


def test_any_answer_ends_an_outage_of_everything(
    outages: Outages, caplog: pytest.LogCaptureFixture
) -> None:
    outages.note_failure(ANYWHERE, "nobody", write=False)
    outages.note_answer(105, write=False)
    assert events(caplog) == ["store_unavailable", "store_available"]


def shards_unavailable() -> float | None:
    return REGISTRY.get_sample_value("gatehouse_store_shards_unavailable")


def test_each_shard_has_an_outage_of_its_own(
    outages: Outages, caplog: pytest.LogCaptureFixture
) -> None:
    for slot in (5, 105, 6):
        outages.note_failure(slot, "gone", write=False)
    assert events(caplog) == ["store_unavailable"] * 2
    assert shards_unavailable() == 2
    outages.note_answer(7, write=False)
    assert events(caplog) == ["store_available"]
    assert shards_unavailable() == 1
    outages.note_answer(106, write=False)
    assert shards_unavailable() == 0
