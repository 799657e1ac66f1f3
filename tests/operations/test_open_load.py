"""The load that arrives by the clock: a server that stalls cannot make it wait."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.faults.arrivals import READ, REFRESH, Heard, Plan, started
from benchmarks.faults.noticed_elsewhere import Noticed

MANY = 50
RATE = 200.0
FRESH = {"access_token": "a2", "refresh_token": "r2"}


class Stalling(ThreadingHTTPServer):
    """Answers nothing until it may. `asked`: released for each request that has come."""

    request_queue_size = 1024

    def __init__(self, status: int, headers: dict[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.headers = status, headers
        self.asked, self.may_answer = threading.Semaphore(0), threading.Event()
        self.refreshing: list[str] = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Stalling

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if "refresh_token=" in form:
            self.server.refreshing.append(form)
        self.server.asked.release()
        self.server.may_answer.wait(30)
        body = json.dumps(FRESH if self.path.endswith("/token") else {"active": True}).encode()
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def loaded(status: int = 200, **headers: str) -> Iterator[tuple[Stalling, list[Heard]]]:
    """Load a server that stalls until the block ends. Afterwards it has answered all."""
    server = Stalling(status, headers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    app = {"actor": "somebody", "access_token": "a1", "refresh_token": "r1"}
    plan = Plan(RATE, server.server_address[1], "Basic eA==", [app])
    heard: list[Heard] = []
    with started(plan) as load:
        assert load.stdin and load.stdout
        try:
            yield server, heard
        finally:
            load.stdin.close()
            server.may_answer.set()
            heard += [Heard(**json.loads(line)) for line in load.stdout]
            server.shutdown()
            server.server_close()
    assert load.returncode == 0


def test_requests_go_on_arriving_while_nobody_is_answered() -> None:
    with loaded() as (server, heard):
        for _ in range(MANY):
            assert server.asked.acquire(timeout=30)
        assert heard == []
    assert len(heard) >= MANY
    assert all(one.is_good and one.status == 200 for one in heard)
    assert {one.kind for one in heard} == {READ, REFRESH}


def test_an_app_presents_a_refresh_token_once_at_a_time() -> None:
    """Or it would present an older one than its last, as a thief does."""
    with loaded() as (server, _):
        for _ in range(MANY):
            assert server.asked.acquire(timeout=30)
        assert len(server.refreshing) == 1


@pytest.mark.parametrize(("headers", "may_come_back"), [({"Retry-After": "2"}, True), ({}, False)])
def test_a_503_is_right_only_if_it_says_when_to_come_back(
    headers: dict[str, str], may_come_back: bool
) -> None:
    with loaded(503, **headers) as (server, heard):
        assert server.asked.acquire(timeout=30)
    assert {(one.is_good, one.may_come_back) for one in heard} == {(False, may_come_back)}


def test_only_who_was_due_during_a_strike_and_lives_elsewhere_counts_as_slowed() -> None:
    good = Heard("other", READ, 0.0, 0.0, 0.0, 200, is_good=True, may_come_back=False)
    calm = [replace(good, due=96 + n, ended=96.002 + n) for n in range(3)]
    during = [replace(good, due=100.5 + n, ended=102.5 + n) for n in range(3)]
    struck = replace(good, actor="struck", due=101.0, ended=105.0, status=500, is_good=False)
    too_early, too_late = replace(good, due=90.0), replace(good, due=111.0)
    noticed = Noticed()
    noticed.take([too_early, *calm, *during, struck, too_late], frozenset({"struck"}), 100, 110)
    assert (noticed.calm, noticed.others, noticed.struck) == (calm, during, [struck])
    assert noticed.wrong == 1
    assert "| 2 ms, 2000 ms |" in noticed.row()
