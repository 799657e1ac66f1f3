"""`manage.py worker`: it keeps house, delivers, survives a lost database, and ends when told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import OperationalError
from structlog.testing import capture_logs

from oidc.errors import StoreUnavailable
from oidc.management.commands import worker

ROOT = Path(__file__).resolve().parents[2]


class Deliveries:
    """Counts its steps, and tells the worker to stop after some."""

    def __init__(self, stopping: threading.Event, steps: int) -> None:
        self.stopping, self.left, self.finished = stopping, steps, 0

    def step(self, seconds: float) -> int:
        self.left -= 1
        if self.left <= 0:
            self.stopping.set()
        return 1

    def finish(self) -> None:
        self.finished += 1


def run(monkeypatch: pytest.MonkeyPatch, *tasks: Callable[[], int], steps: int = 3) -> Deliveries:
    stopping = threading.Event()
    deliveries = Deliveries(stopping, steps)
    monkeypatch.setattr(worker, "TASKS", tuple((task.__name__, task) for task in tasks))
    worker._work(deliveries, stopping)
    return deliveries


def test_it_keeps_house_at_the_start_and_then_once_an_hour(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []

    def tidy() -> int:
        done.append("tidy")
        return 7

    with capture_logs() as logs:
        deliveries = run(monkeypatch, tidy)
    assert (done, deliveries.left, deliveries.finished) == (["tidy"], 0, 1)
    assert [(log["event"], log["count"]) for log in logs] == [("tidy", 7)]
    monkeypatch.setattr(worker, "HOUSEKEEPING_SECONDS", 0)
    run(monkeypatch, tidy)
    assert len(done) == 1 + 3


@pytest.mark.parametrize("error", [OperationalError("gone"), StoreUnavailable("gone")], ids=repr)
def test_a_store_that_is_away_costs_a_round_and_no_other_task(
    db: None, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    done = []

    def broken() -> int:
        raise error

    def tidy() -> int:
        done.append("tidy")
        return 0

    with capture_logs() as logs:
        run(monkeypatch, broken, tidy)
    assert done == ["tidy"]
    assert logs[0] == {"event": "broken", "failed": type(error).__name__, "log_level": "error"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_it_ends_in_order_when_told_to(tmp_path: Path, number: signal.Signals) -> None:
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'worker.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "authserver.settings",
        "LOG_FORMAT": "json",
        "LOG_LEVEL": "INFO",
    }
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "--verbosity", "0"], cwd=ROOT, env=environment, check=True)
    process = subprocess.Popen(
        [*manage, "worker"], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        for line in process.stderr:  # type: ignore[union-attr]
            if worker.TASKS[-1][0] in line:
                break
        process.send_signal(number)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
