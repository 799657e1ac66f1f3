"""Stores that are broken on purpose are caught: the checker can fail, and the load provokes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.reliability.lab.experiment import Bench, Experiment, Setting
from tests.reliability.lab.faults import PARTITION_WITH_REPLICA, Fault, named

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]

MOST_STRIKES = 20
"""Mostly one or two are enough; how fast the machine is decides."""


@contextmanager
def _nothing_happens(experiment: Experiment) -> Iterator[None]:
    experiment.load.await_each(done=60)
    yield


CALM = Fault("calm", "nothing happens", _nothing_happens)


def rules_broken_by(bench: Bench, setting: Setting, fault: Fault) -> set[str]:
    """Let a fault strike until a rule is broken; return those that are."""
    with bench.experiment(setting) as experiment:
        for _ in range(MOST_STRIKES):
            if violations := experiment.try_out(fault).violations:
                return {violation.rule for violation in violations}
    return set()


def test_a_store_that_looks_first_and_deletes_then(bench: Bench) -> None:
    broken = Setting(1, 0, wait=0, breakage="get-then-delete")
    assert "a code was redeemed twice" in rules_broken_by(bench, broken, CALM)


def test_a_store_that_takes_its_own_retry_for_another_caller(bench: Bench) -> None:
    """What a hung node was sent is carried out late, beside the retry that was sent meanwhile."""
    broken = Setting(1, 0, wait=0, breakage="no-request-id")
    rules = rules_broken_by(bench, broken, named("master-hangs-briefly"))
    assert any(rule.endswith("was refused for no reason") for rule in rules)


def test_a_store_that_does_not_wait_for_replicas(bench: Bench) -> None:
    """What the dead master had acknowledged alone is forgotten, or done a second time."""
    broken = Setting(3, 1, wait=0)
    assert rules_broken_by(bench, broken, named("master-dies-alone"))


def test_a_store_that_waits_for_one_replica_of_two(bench: Bench) -> None:
    """It need not be the one that takes over."""
    broken = Setting(3, 2, wait=1, partitioned=True)
    assert rules_broken_by(bench, broken, PARTITION_WITH_REPLICA)
