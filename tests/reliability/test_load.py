"""What a load waits for: operations of later, each looked at once."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from tests.reliability.lab import load as load_module
from tests.reliability.lab.history import History, Kind, Operation, Outcome
from tests.reliability.lab.load import Load
from tests.reliability.lab.world import RegisteredClient, World
from tests.support.server import Person

NOW = 100.0


def read_by(actor: str, started: float, outcome: Outcome = Outcome.DONE) -> Operation:
    return Operation(Kind.READ, "token", started, started + 1, outcome, actor=actor)


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """A load of two people who do nothing, at a standing clock."""
    monkeypatch.setattr(load_module, "time", SimpleNamespace(monotonic=lambda: NOW))
    nobody = RegisteredClient("client", None)
    people = (Person("a", "", ""), Person("b", "", ""))
    return Load(World(("http://localhost:1",), "", people, nobody, nobody, None))


@pytest.fixture
def added_while_waiting(load: Load, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Make whoever waits look after each of four operations; return what he was told."""
    told: list[bool] = []

    def look_each_time(is_there: Callable[[], bool], problem: str) -> None:
        for operation in (
            read_by("actor-1", NOW),
            read_by("actor-2", NOW - 0.5),
            read_by("actor-2", NOW, Outcome.REFUSED),
            read_by("actor-2", NOW),
        ):
            load.world.history.add(operation)
            told.append(is_there())

    monkeypatch.setattr(load_module, "await_that", look_each_time)
    return told


def test_everybody_is_waited_for_and_earlier_requests_do_not_count(
    load: Load, added_while_waiting: list[bool]
) -> None:
    load.world.history.add(read_by("actor-2", NOW + 1))
    load.await_each()
    assert added_while_waiting == [False, False, False, True]


def test_everybody_is_waited_for_as_often_as_asked(
    load: Load, added_while_waiting: list[bool]
) -> None:
    load.await_each(done=2)
    assert not any(added_while_waiting)


def test_one_operation_as_described_is_enough(load: Load, added_while_waiting: list[bool]) -> None:
    load.world.history.add(read_by("actor-2", NOW, Outcome.REFUSED))
    load.await_any(lambda operation: operation.outcome is Outcome.REFUSED, "")
    assert added_while_waiting == [False, False, True, False]


def test_a_follower_sees_each_operation_once() -> None:
    first, second, third = (read_by("actor", NOW + n) for n in range(3))
    history = History([first])
    added = history.follow()
    assert added() == []
    history.add(second)
    history.add(third)
    assert added() == [second, third]
    assert added() == []
