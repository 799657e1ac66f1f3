"""One event for each request: what was asked, how it ended, and why.

The request thread only appends to a bounded queue. A writer thread turns events into log lines
and metrics, and keeps failures in SQL, where an admin looks a reference id up. When the queue is
full, events are dropped and counted, and the count is logged: a loss never stays silent.
"""

from __future__ import annotations

import atexit
import logging
import queue
import threading
import time

import structlog

from oidc import metrics
from oidc.conf import configuration
from oidc.event import Event
from oidc.failures import keep_failures
from oidc.request_lines import RequestLines

QUEUE_LENGTH = 10_000
BATCH = 200
REST_SECONDS = 0.05
LOGGER = "gatehouse.requests"

_log = structlog.get_logger(LOGGER)


class Writer:
    """Drains the queue in a thread of its own, started by the first event of a process.

    It rests between batches: a thread that woke up for each event would take the interpreter from
    the requests again and again.
    """

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._writing = threading.Lock()
        self._lost = 0

    def put(self, event: Event) -> None:
        if configuration().events_inline:
            _write([event])
            return
        if self._queue.qsize() >= QUEUE_LENGTH:
            self._lost += 1
            return
        self._queue.put(event)
        if self._thread is None or not self._thread.is_alive():
            self._start()

    def flush(self) -> None:
        """Write everything that was put until now, on this thread."""
        with self._writing:
            while batch := self._take():
                try:
                    _write(batch)
                except Exception:  # the last resort: the thread must live, and no loss be silent
                    _log.exception("events_lost", count=len(batch))
            lost, self._lost = self._lost, 0
        if lost:
            _log.error("events_lost", count=lost)

    def _take(self) -> list[Event]:
        batch: list[Event] = []
        try:
            while len(batch) < BATCH:
                batch.append(self._queue.get_nowait())
        except queue.Empty:
            pass
        return batch

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="events", daemon=True)
                self._thread.start()
                atexit.register(self.flush)

    def _run(self) -> None:
        while True:
            time.sleep(REST_SECONDS)
            self.flush()


_writer = Writer()
emit = _writer.put
flush = _writer.flush


def report_defect(reference: str, endpoint: str, error: Exception) -> None:
    """Log a defect with its traceback, under the reference id that the caller was shown."""
    _log.error("defect", reference=reference, endpoint=endpoint, exc_info=error)


def _write(batch: list[Event]) -> None:
    metrics.count(batch)
    _log_requests(logging.INFO, [event for event in batch if event.status < 500])
    _log_requests(logging.ERROR, [event for event in batch if event.status >= 500])
    failures = [event for event in batch if event.error]
    if failures:
        keep_failures(failures)


def _log_requests(level: int, events: list[Event]) -> None:
    logger = logging.getLogger(LOGGER)
    if events and logger.isEnabledFor(level):
        name = logging.getLevelName(level).lower()
        logger.log(level, RequestLines(events, logger=LOGGER, level=name))
