"""Mails leave beside the request that asks for them.

How long a mail server takes, or that it fails, must not tell that there is an account.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import structlog
from django.conf import settings
from django.core.mail import EmailMessage

_log = structlog.get_logger("gatehouse.mail")
_sender = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")


def send_later(message: EmailMessage) -> None:
    """Send a mail in the background. If that fails, the log tells, and nobody else."""
    if settings.MAIL_INLINE:
        message.send()
    else:
        _sender.submit(message.send).add_done_callback(_report)


def _report(sent: Future[int]) -> None:
    error = sent.exception()
    if error is not None:
        _log.error("mail_not_sent", reason=type(error).__name__)
