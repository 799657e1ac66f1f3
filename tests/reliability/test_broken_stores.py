"""Stores that are broken on purpose are caught: the checker can fail, and the load provokes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.reliability.lab.experiment import Bench, Experiment, Setting
from tests.reliability.lab.faults import FAULTS, Fault

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]


@contextmanager
def _nothing_happens(experiment: Experiment) -> Iterator[None]:
    experiment.load.await_each(done=60)
    yield


CALM = Fault("calm", "nothing happens", _nothing_happens)


def fault(name: str) -> Fault:
    return next(fault for fault in FAULTS if fault.name == name)


def rules_broken_by(bench: Bench, setting: Setting, fault: Fault, times: int = 1) -> set[str]:
    with bench.experiment(setting) as experiment:
        return {violation.rule for violation in experiment.try_out(fault, times).violations}


def test_a_store_that_looks_first_and_deletes_then(bench: Bench) -> None:
    broken = Setting(1, 0, wait=0, breakage="get-then-delete")
    assert "a code was redeemed twice" in rules_broken_by(bench, broken, CALM)


def test_a_store_that_takes_its_own_retry_for_another_caller(bench: Bench) -> None:
    """What a hung node was sent is carried out late, beside the retry that was sent meanwhile."""
    broken = Setting(1, 0, wait=0, breakage="no-request-id")
    rules = rules_broken_by(bench, broken, fault("master-hangs-briefly"), times=3)
    assert rules & {"redeem was refused for no reason", "assert was refused for no reason"}


def test_a_store_that_does_not_wait_for_replicas(bench: Bench) -> None:
    """What the dead master had acknowledged alone is forgotten, or done a second time."""
    broken = Setting(3, 1, wait=0)
    assert rules_broken_by(bench, broken, fault("master-dies-alone"), times=2)
