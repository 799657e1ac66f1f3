"""Every fault in its short form: nothing wrong is ever answered, however slow the machine is.

The checker alone decides. Whatever takes long is waited for, so that a machine that runs other
tests beside these does not look like a fault of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.reliability.lab.experiment import ALL, Bench, Experiment, Setting
from tests.reliability.lab.faults import (
    CREDENTIALS_CHANGE,
    DISTANCES,
    FAULTS,
    PARTITIONS,
    Fault,
    named,
)

STRICT = Setting(masters=3, replicas=2, wait=ALL)
SECURED = Setting(masters=3, replicas=1, wait=1, secured=True)
CUT = Setting(masters=3, replicas=2, wait=ALL, partitioned=True, node_timeout_ms=5000)
PROXIED = replace(CUT, proxied=True)
"""Patient, as in production: on a busy machine nodes would be replaced that are only slow, one
after the other, and the promise is about one fault at a time."""

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]


@pytest.fixture(scope="module")
def experiment(bench: Bench) -> Iterator[Experiment]:
    with bench.experiment(STRICT) as running_now:
        yield running_now


@pytest.fixture(scope="module")
def cut(bench: Bench) -> Iterator[Experiment]:
    with bench.experiment(CUT) as running_now:
        yield running_now


@pytest.fixture(scope="module")
def proxied(bench: Bench) -> Iterator[Experiment]:
    with bench.experiment(PROXIED) as running_now:
        yield running_now


def by_name(fault: Fault) -> str:
    return fault.name


@pytest.mark.parametrize("fault", FAULTS, ids=by_name)
def test_no_answer_is_wrong(experiment: Experiment, fault: Fault) -> None:
    result = experiment.try_out(fault)
    assert result.violations == [], result.story()


@pytest.mark.parametrize("fault", PARTITIONS, ids=by_name)
def test_the_two_halves_of_a_partition_do_not_both_accept(cut: Experiment, fault: Fault) -> None:
    result = cut.try_out(fault)
    assert result.violations == [], result.story()


@pytest.mark.parametrize("fault", PARTITIONS, ids=by_name)
def test_nor_do_they_where_nobody_is_root(proxied: Experiment, fault: Fault) -> None:
    result = proxied.try_out(fault)
    assert result.violations == [], result.story()


@pytest.mark.parametrize("fault", DISTANCES, ids=by_name)
def test_what_arrives_late_is_not_taken_for_something_else(
    proxied: Experiment, fault: Fault
) -> None:
    result = proxied.try_out(fault)
    assert result.violations == [], result.story()


@pytest.fixture(scope="module")
def secured(bench: Bench) -> Iterator[Experiment]:
    with bench.experiment(SECURED) as running_now:
        yield running_now


@pytest.mark.parametrize("fault", [named("master-dies"), CREDENTIALS_CHANGE], ids=by_name)
def test_a_secured_cluster_is_as_robust(secured: Experiment, fault: Fault) -> None:
    result = secured.try_out(fault)
    assert result.violations == [], result.story()


@pytest.mark.parametrize("masters", [1, 3])
def test_without_replicas_a_node_comes_back_with_its_data(bench: Bench, masters: int) -> None:
    """It cannot be replaced, so its part is away until it is restarted."""
    with bench.experiment(Setting(masters, replicas=0, wait=0)) as experiment:
        result = experiment.try_out(named("master-restarts"))
    assert result.violations == [], result.story()
