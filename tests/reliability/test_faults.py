"""Every fault once, on the shape that production has: nothing wrong is ever answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.reliability.lab.experiment import Bench, Experiment, Setting
from tests.reliability.lab.faults import FAULTS, PARTITION, Fault
from tests.reliability.lab.history import Outcome
from tests.reliability.lab.noticed import arrived_during, share_answered, time_without_service

MOST_SECONDS_WITHOUT_SERVICE = 30.0
# A machine that runs other tests beside these stands still for a second or two now and then; that
# must not look like a fault of its own.
UNHURRIED = Setting(masters=3, replicas=2, wait=1, node_timeout_ms=4000)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]


@pytest.fixture(scope="module")
def experiment(bench: Bench) -> Iterator[Experiment]:
    with bench.experiment(UNHURRIED) as running_now:
        yield running_now


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_no_answer_is_wrong(experiment: Experiment, fault: Fault) -> None:
    result = experiment.try_out(fault)
    assert result.violations == [], result.story()
    assert sum(o.outcome is Outcome.DONE for o in result.operations) > 100
    [strike] = result.strikes
    if not fault.may_lose_connections:
        assert sum(share_answered(arrived_during(result, strike))) == 1.0
    assert time_without_service(result, strike) < MOST_SECONDS_WITHOUT_SERVICE


def test_two_halves_of_a_partition_do_not_both_accept(bench: Bench) -> None:
    with bench.experiment(replace(UNHURRIED, partitioned=True)) as experiment:
        result = experiment.try_out(PARTITION)
    assert result.violations == [], result.story()
    assert sum(o.outcome is Outcome.DONE for o in result.operations) > 100


@pytest.mark.parametrize("masters", [1, 3])
def test_without_replicas_a_node_comes_back_with_its_data(bench: Bench, masters: int) -> None:
    """It cannot be replaced, so its part is away until it is restarted."""
    restart = next(fault for fault in FAULTS if fault.name == "master-restarts")
    with bench.experiment(Setting(masters, replicas=0, wait=0)) as experiment:
        result = experiment.try_out(restart)
    assert result.violations == [], result.story()
