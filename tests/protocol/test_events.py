"""The one event of each request: written beside the request, and never lost in silence."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import structlog
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from structlog.testing import capture_logs

from authserver.logs import logging_configuration
from oidc import events, failures
from oidc.errors import StoreUnavailable
from oidc.event import Event
from oidc.events import Writer
from oidc.models import FailedRequest, pages


def event(number: int = 0, **members: Any) -> Event:
    members.setdefault("at", 0.0)
    return Event(f"REFERENCE{number}", "token", "POST", 200, 1.0, **members)


@pytest.fixture(autouse=True)
def fresh_loggers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A logger that was used before keeps its processors, and nothing captures what it says."""
    for module in (events, failures):
        monkeypatch.setattr(module, "_log", structlog.get_logger())


@pytest.fixture
def written(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Event]]:
    """What a writer beside the requests has written."""
    settings.GATEHOUSE = {**settings.GATEHOUSE, "events_inline": False}
    batches: list[Event] = []
    monkeypatch.setattr(events, "_write", batches.extend)
    yield batches


def test_a_thread_of_its_own_writes(written: list[Event], monkeypatch: pytest.MonkeyPatch) -> None:
    seen, threads = threading.Event(), set()

    def write(batch: list[Event]) -> None:
        threads.add(threading.current_thread())
        written.extend(batch)
        seen.set()

    monkeypatch.setattr(events, "_write", write)
    writer = Writer()
    writer.put(event())
    assert seen.wait(5)
    assert [each.reference for each in written] == ["REFERENCE0"]
    assert threading.current_thread() not in threads


def test_flush_writes_all_in_order(written: list[Event], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Writer, "_start", lambda self: None)
    writer = Writer()
    for number in range(events.BATCH * 2 + 1):
        writer.put(event(number))
    assert written == []
    writer.flush()
    assert [each.reference for each in written] == [
        f"REFERENCE{number}" for number in range(events.BATCH * 2 + 1)
    ]


def test_a_full_queue_drops_counts_and_says_so(
    written: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Writer, "_start", lambda self: None)
    monkeypatch.setattr(events, "QUEUE_LENGTH", 3)
    writer = Writer()
    for number in range(5):
        writer.put(event(number))
    with capture_logs() as logs:
        writer.flush()
        writer.flush()
    assert len(written) == 3
    assert [(log["event"], log["count"]) for log in logs] == [("events_lost", 2)]


def test_a_batch_that_cannot_be_written_is_lost_aloud_and_alone(
    written: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(batch: list[Event]) -> None:
        if not written:
            written.extend(batch)
            raise ValueError("NUL")
        written.extend(batch)

    monkeypatch.setattr(events, "_write", write)
    monkeypatch.setattr(events, "BATCH", 2)
    monkeypatch.setattr(Writer, "_start", lambda self: None)
    writer = Writer()
    for number in range(3):
        writer.put(event(number))
    with capture_logs() as logs:
        writer.flush()
    assert [(log["event"], log["count"]) for log in logs] == [("events_lost", 2)]
    assert len(written) == 3


def test_requests_at_the_same_time_start_one_writer(written: list[Event]) -> None:
    writer, start = Writer(), threading.Barrier(8)

    def put() -> None:
        start.wait()
        writer.put(event())

    callers = [threading.Thread(target=put) for _ in range(8)]
    before = threading.active_count()
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    writer.flush()
    assert threading.active_count() <= before + 1
    assert len(written) == 8


# --- Log lines ------------------------------------------------------------------------------------


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What the server's own formatter writes in production, a record at a time."""
    with written_as("json") as lines:
        yield lines


@contextmanager
def written_as(form: str) -> Iterator[list[str]]:
    before, lines = logging.root.handlers[:], []
    logging_configuration("INFO", form)
    [handler] = logging.root.handlers
    handler.emit = lambda record: lines.append(handler.format(record))  # type: ignore[method-assign]
    try:
        yield lines
    finally:
        logging_configuration(settings.LOG_LEVEL, settings.LOG_FORMAT)
        logging.root.handlers[:] = before


def test_many_requests_are_one_record_with_a_line_each(lines: list[str]) -> None:
    events._write([event(1, client_id="c"), event(2, detail="a\nb \ud800")])
    [record] = lines
    first, second = map(json.loads, record.splitlines())
    assert first == {
        "reference": "REFERENCE1",
        "endpoint": "token",
        "method": "POST",
        "status": 200,
        "duration_ms": 1.0,
        "client_id": "c",
        "event": "request",
        "logger": "gatehouse.requests",
        "level": "info",
        "timestamp": "1970-01-01T00:00:00.000000Z",
    }
    assert (second["reference"], second["detail"]) == ("REFERENCE2", "a\nb \ud800")


@pytest.mark.parametrize(
    "stranger", ["\x1b[31m", "\x9b31m", "\r", "\n", "\u2028", "\u202e"], ids=ascii
)
def test_a_terminal_obeys_nothing_that_a_stranger_sent(stranger: str) -> None:
    with written_as("console") as lines:
        events._write([event(1, client_id=f"a{stranger}b")])
        logging.getLogger("another").warning("a%sb", stranger)
    escaped = f"a{stranger.encode('unicode_escape').decode()}b"
    assert [stranger in line for line in lines] == [False, False]
    assert [escaped in line for line in lines] == [True, True]


def test_failures_of_ours_are_logged_where_other_requests_are_not(lines: list[str]) -> None:
    logging.getLogger(events.LOGGER).setLevel(logging.WARNING)
    try:
        events._write([event(1), event(2)._replace(status=503)])
    finally:
        logging.getLogger(events.LOGGER).setLevel(logging.NOTSET)
    [record] = lines
    logged = json.loads(record)
    assert (logged["reference"], logged["level"]) == ("REFERENCE2", "error")


# --- What is kept of failures ---------------------------------------------------------------------


def test_failures_are_kept_and_answers_to_prompt_none_are_not(db: None) -> None:
    failures.keep_failures(
        [
            event(1, error="invalid_grant", detail="x" * 5000, client_id="c" * 5000),
            event(2, error="login_required"),
            event(3, error="consent_required"),
        ]
    )
    row = FailedRequest.objects.get()
    assert (row.reference, row.error) == ("REFERENCE1", "invalid_grant")
    assert (len(row.detail), len(row.client_id)) == (500, 255)
    assert "invalid_grant" in str(row)


def test_an_attack_fills_neither_the_table_nor_the_log(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, "MOST_PER_MINUTE", 10)
    monkeypatch.setattr(failures, "_budget", failures._Budget())
    with capture_logs() as logs:
        failures.keep_failures([event(n, error="invalid_client") for n in range(50)])
        failures.keep_failures([event(n, error="invalid_client") for n in range(50)])
    assert FailedRequest.objects.count() == 10
    assert [log["count"] for log in logs] == [40, 50]


@pytest.fixture
def few_rows(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten rows are kept. A process looks after five; a page has three."""
    monkeypatch.setattr(failures, "MOST_ROWS", 10)
    monkeypatch.setattr(failures, "ROWS_BETWEEN_LOOKS", 5)
    monkeypatch.setattr(failures, "_looks", failures._Looks())
    monkeypatch.setattr(pages, "PAGE", 3)


def kept_references() -> list[int]:
    rows = FailedRequest.objects.order_by("pk")
    return [int(row.reference.removeprefix("REFERENCE")) for row in rows]


def write(first: int, count: int) -> None:
    for number in range(first, first + count):
        failures.keep_failures([event(number, error="invalid_client", at=time.time())])


@pytest.mark.usefixtures("few_rows")
def test_the_rows_are_bounded_without_a_worker_and_the_newest_stay() -> None:
    write(0, 100)
    assert kept_references() == list(range(90, 100))
    write(100, 4)
    assert kept_references() == list(range(90, 104))
    write(104, 1)
    assert kept_references() == list(range(95, 105))


@pytest.mark.usefixtures("few_rows")
def test_two_processes_keep_the_bound_together(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = [failures._Looks(), failures._Looks()]
    for number in range(100):
        monkeypatch.setattr(failures, "_looks", looks[number % 2])
        write(number, 1)
        assert FailedRequest.objects.count() < 10 + 2 * 5
    assert kept_references() == list(range(100 - len(kept_references()), 100))


@pytest.mark.usefixtures("few_rows")
def test_a_table_that_was_larger_shrinks_while_rows_are_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By twice of what was written, so that no request and no writer waits for long."""
    monkeypatch.setattr(failures, "MOST_ROWS", 1000)
    write(0, 60)
    monkeypatch.setattr(failures, "MOST_ROWS", 10)
    write(60, 4)
    assert FailedRequest.objects.count() == 64
    write(64, 1)
    assert kept_references() == list(range(10, 65))


@pytest.mark.usefixtures("few_rows")
def test_the_worker_deletes_what_is_old_or_too_much_page_by_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(failures, "ROWS_BETWEEN_LOOKS", 1000)
    write(0, 40)
    month = FailedRequest.objects.order_by("pk")[35].pk
    old = FailedRequest.objects.filter(pk__gte=month)
    old.update(at=timezone.now() - failures.KEPT_FOR - timedelta(minutes=1))
    with CaptureQueriesContext(connection) as queries:
        assert failures.forget_old_failures() == 5 + 25
    assert kept_references() == list(range(25, 35))
    deletions = [query["sql"] for query in queries if query["sql"].startswith("DELETE")]
    assert len(deletions) == 2 + 9
    monkeypatch.setattr(failures, "MOST_ROWS", 1)
    monkeypatch.setattr(failures, "MOST_AT_ONCE", 4)
    assert failures.forget_old_failures() == 4
    assert kept_references() == list(range(29, 35))


@pytest.mark.usefixtures("few_rows")
def test_rows_that_another_process_has_deleted_meanwhile_are_no_hindrance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(failures, "ROWS_BETWEEN_LOOKS", 1000)
    write(0, 20)
    rows = FailedRequest.objects.filter(pk__lte=FailedRequest.objects.latest("pk").pk - 10)
    values_list = rows.values_list

    def raced(*names: str, **options: Any) -> Any:
        page = list(values_list(*names, **options)[:3])
        FailedRequest.objects.filter(pk__in=page[1:]).delete()
        return page

    monkeypatch.setattr(rows, "values_list", raced)
    assert pages.delete_in_pages(rows) == 4
    assert kept_references() == list(range(10, 20))


def test_a_database_that_is_away_costs_the_rows_only(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreUnavailable("database: OperationalError")

    monkeypatch.setattr(FailedRequest.objects, "bulk_create", fail)
    with capture_logs() as logs:
        failures.keep_failures([event(error="invalid_client")])
    assert [log["reason"] for log in logs] == ["StoreUnavailable"]
