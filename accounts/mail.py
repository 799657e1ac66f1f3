"""Mails leave beside the request that asks for them, and so may the work that they take.

How long a mail server takes, that it fails, or that there is somebody to write to, must not tell
whether there is an account. Each process has one thread for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connections
from django.http import HttpResponseBase

MOST_WAITING = 1000
"""Pieces of work that wait in a process: a few megabytes. What comes beyond is lost and logged."""

_FULL = MOST_WAITING * 9 // 10
"""From here on nobody is promised a mail any more."""

_log = structlog.get_logger("gatehouse.mail")
_sender = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")
_lock = threading.Lock()
_waiting = 0


def send_later(message: EmailMessage) -> None:
    """Send a mail in the background. If that fails, the log tells, and nobody else."""
    do_later(message.send)


def do_later(work: Callable[[], object]) -> None:
    """Do what ends in a mail in the background."""
    global _waiting
    if settings.MAIL_INLINE:
        work()
        return
    with _lock:
        if _waiting >= MOST_WAITING:
            _log.error("mail_not_sent", reason="TooManyWaiting")
            return
        _waiting += 1
    _sender.submit(_do, work).add_done_callback(_report)


def do_after(response: HttpResponseBase, work: Callable[[], object]) -> None:
    """Do it once the answer is on its way, so that not even its time can depend on the work."""
    close = response.close

    def close_and_work() -> None:
        response.close = close  # type: ignore[method-assign]
        close()
        do_later(work)

    response.close = close_and_work  # type: ignore[method-assign]


def is_full() -> bool:
    """Tell whether so much waits that a mail might be lost."""
    return _waiting >= _FULL


def _do(work: Callable[[], object]) -> None:
    try:
        work()
    finally:
        connections.close_all()  # those of this thread


def _report(done: Future[None]) -> None:
    global _waiting
    with _lock:
        _waiting -= 1
    error = done.exception()
    if error is not None:
        _log.error("mail_not_sent", reason=type(error).__name__)
