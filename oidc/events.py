"""One event for each request: what was asked, how it ended, and why.

The request thread only appends to a bounded queue. A writer thread turns events into log lines
and metrics, and keeps failures in SQL, where an admin looks a reference id up. When the queue is
full, events are dropped and counted, and the count is logged: a loss never stays silent.
"""

from __future__ import annotations

import atexit
import queue
import threading
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

import structlog

from oidc import metrics
from oidc.conf import configuration
from oidc.failures import keep_failures

QUEUE_LENGTH = 10_000
BATCH = 200

_log = structlog.get_logger("gatehouse.requests")


@dataclass(frozen=True, slots=True)
class Event:
    """How one request ended. `error` is an OAuth error code, `detail` the reason for admins."""

    reference: str
    endpoint: str
    method: str
    status: int
    duration_ms: float
    client_id: str = ""
    user_id: str = ""
    error: str = ""
    detail: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Writer:
    """Drains the queue in a thread of its own, started by the first event of a process."""

    def __init__(self) -> None:
        self._queue: queue.Queue[Event] = queue.Queue(QUEUE_LENGTH)
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._lost = 0

    def put(self, event: Event) -> None:
        if configuration().events_inline:
            _write([event])
            return
        if self._thread is None or not self._thread.is_alive():
            self._start()
        try:
            self._queue.put_nowait(event)
        except queue.Full:
            self._lost += 1

    def flush(self) -> None:
        """Wait until everything that was put has been written."""
        if self._thread is not None and self._thread.is_alive():
            self._queue.join()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="events", daemon=True)
                self._thread.start()
                atexit.register(self.flush)

    def _run(self) -> None:
        while True:
            batch = [self._queue.get()]
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            try:
                _write(batch)
            finally:
                for _ in batch:
                    self._queue.task_done()
            lost, self._lost = self._lost, 0
            if lost:
                _log.error("events_lost", count=lost)


_writer = Writer()
emit = _writer.put
flush = _writer.flush


def report_defect(reference: str, endpoint: str, error: Exception) -> None:
    """Log a defect with its traceback, under the reference id that the caller was shown."""
    _log.error("defect", reference=reference, endpoint=endpoint, exc_info=error)


def _write(batch: list[Event]) -> None:
    for event in batch:
        metrics.count(event.endpoint, event.status, event.error, event.duration_ms / 1000)
        level = _log.error if event.status >= 500 else _log.info
        members = {name: value for name, value in asdict(event).items() if value != ""}
        members.pop("at")
        level("request", **members)
    keep_failures([event for event in batch if event.error])
