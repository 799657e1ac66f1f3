"""`manage.py worker`: housekeeping. Run one or more beside the server."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

import structlog
from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections

from oidc.failures import forget_old_failures

EVERY_SECONDS = 3600
TASKS: tuple[tuple[str, Callable[[], int]], ...] = (("forget_old_failures", forget_old_failures),)

_log = structlog.get_logger("gatehouse.worker")


class Command(BaseCommand):
    help = "Does the housekeeping: forgets failed requests after 30 days."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="do everything once, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        if not options["once"]:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stopping.set())
        while True:
            for name, task in TASKS:
                _do(name, task)
            if options["once"] or stopping.wait(EVERY_SECONDS):
                return


def _do(name: str, task: Callable[[], int]) -> None:
    """Do one task. A lost database costs this round, not the worker."""
    close_old_connections()
    try:
        _log.info(name, count=task())
    except DatabaseError as error:
        _log.error(name, failed=type(error).__name__)
    finally:
        close_old_connections()
