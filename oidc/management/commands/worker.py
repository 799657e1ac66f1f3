"""`manage.py worker`: housekeeping and logout delivery. Run one or more beside the server."""

from __future__ import annotations

import signal
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, close_old_connections

from oidc.clients.logos import fetch_logos
from oidc.errors import StoreUnavailable
from oidc.failures import forget_old_failures
from oidc.keys.derived import check_secret_keys
from oidc.keys.lifecycle import forget_retired_keys
from oidc.keys.reencryption import reencrypt
from oidc.logout.delivery import Deliveries
from oidc.logout.ending import finish_sign_outs
from oidc.logout.outbox import forget_old_notifications
from oidc.registration.housekeeping import forget_unused_registrations

POLL_SECONDS = 1.0
HOUSEKEEPING_SECONDS = 3600
LOGO_SECONDS = 10
"""How long a new app waits for its logo, about. Shorter: more queries."""
TASKS: tuple[tuple[str, Callable[[], int]], ...] = (
    ("forget_old_failures", forget_old_failures),
    ("forget_old_notifications", forget_old_notifications),
    ("forget_unused_registrations", forget_unused_registrations),
    ("forget_retired_keys", forget_retired_keys),
    ("reencrypt", reencrypt),
)

_log = structlog.get_logger("gatehouse.worker")
_Result = TypeVar("_Result")


class Command(BaseCommand):
    help = (
        "Tells apps that somebody has signed out (back-channel logout), and forgets failed "
        "requests and old notifications after 30 days, registrations that nobody used, and retired "
        "keys that nobody needs any more. Fetches the logos of apps. "
        "Encrypts under the current SECRET_KEY what an older one encrypted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="do everything once, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        check_secret_keys()
        deliveries = Deliveries()
        if options["once"]:
            undone = _do_housekeeping()
            for name, task in (
                ("fetch_logos", fetch_logos),
                ("finish_sign_outs", finish_sign_outs),
            ):
                if _with_database(name, task) is None:
                    undone.append(name)
            while deliveries.step(POLL_SECONDS):
                pass
            deliveries.finish()
            if undone:
                raise CommandError(f"Not done, the log says why: {', '.join(undone)}.")
            return
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        # Beside the rest: a slow server of an app must not keep anybody from being signed out.
        logos = threading.Thread(target=_keep_logos, args=[stopping], name="logos")
        logos.start()
        _work(deliveries, stopping)
        logos.join()


def _keep_logos(stopping: threading.Event) -> None:
    """Fetch the logos of apps, until told to stop."""
    while not stopping.is_set():
        if not _with_database("fetch_logos", fetch_logos):
            stopping.wait(LOGO_SECONDS)


def _work(deliveries: Deliveries, stopping: threading.Event) -> None:
    """Look into the outbox every second, and keep house every hour, until told to stop."""
    housekeeping_at = time.monotonic()
    while not stopping.is_set():
        if time.monotonic() >= housekeeping_at:
            _do_housekeeping()
            housekeeping_at += HOUSEKEEPING_SECONDS
        _with_database("finish_sign_outs", finish_sign_outs)
        if not _with_database("deliver", lambda: deliveries.step(POLL_SECONDS)):
            stopping.wait(POLL_SECONDS)
    _with_database("finish", deliveries.finish)


def _do_housekeeping() -> list[str]:
    """Do every task. Returns the names of those that an outage has stopped."""
    undone = []
    for name, task in TASKS:
        count = _with_database(name, task)
        if count is None:
            undone.append(name)
        else:
            _log.info(name, count=count)
    return undone


def _with_database(name: str, task: Callable[[], _Result]) -> _Result | None:
    """Do one thing. A lost database costs this round, not the worker; what was not noted then is
    done again."""
    close_old_connections()
    try:
        return task()
    except (DatabaseError, StoreUnavailable) as error:
        _log.error(name, failed=type(error).__name__)
        return None
    finally:
        close_old_connections()
