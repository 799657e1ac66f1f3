"""An outage of one shard is one event, however many requests meet it."""

from __future__ import annotations

import pytest

from oidc.stores.redis.outage import ANYWHERE, Outage

SLOTS_OF_A_NODE = 100


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")


@pytest.fixture
def nodes() -> dict[int, str]:
    return {0: "a", 1: "b"}


@pytest.fixture
def outage(nodes: dict[int, str]) -> Outage:
    return Outage(lambda slot: nodes[slot // SLOTS_OF_A_NODE])


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged since the last time."""
    logged = [record.msg["event"] for record in caplog.records]
    caplog.clear()
    return logged


def test_answers_of_other_nodes_do_not_end_it(
    outage: Outage, nodes: dict[int, str], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        outage.note_failure(5, "gone", write=True)
        outage.note_answer(105, write=True)
    assert events(caplog) == ["store_unavailable"]
    nodes[0] = "c"  # another one has taken over
    outage.note_answer(7, write=True)
    outage.note_answer(7, write=True)
    assert events(caplog) == ["store_available"]


def test_reads_do_not_end_an_outage_of_writes(
    outage: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        outage.note_failure(5, "not confirmed", write=True)
        outage.note_answer(5, write=False)
    assert events(caplog) == ["store_unavailable"]


def test_any_answer_ends_an_outage_of_everything(
    outage: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    outage.note_failure(ANYWHERE, "nobody", write=False)
    outage.note_answer(105, write=False)
    assert events(caplog) == ["store_unavailable", "store_available"]
