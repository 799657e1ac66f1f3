"""What the log tells of pages: their route, not the path, which may hold the key of a link."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from prometheus_client import REGISTRY
from structlog.stdlib import ProcessorFormatter

from accounts.models import User
from authserver import sessions
from oidc import events
from oidc.errors import StoreUnavailable


def break_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let browser sessions be neither read nor written from here on."""

    def unavailable(*_: object, **__: object) -> None:
        raise StoreUnavailable("down")

    for name in ("load", "create", "save"):
        monkeypatch.setattr(sessions.browser_sessions, name, unavailable)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the handler of production writes while the test runs."""
    [handler] = [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler.formatter, ProcessorFormatter)
    ]
    text = io.StringIO()
    before = handler.setStream(text)
    yield text
    handler.setStream(before)


def key_link(client: Client) -> str:
    client.post("/accounts/password/reset/", {"email": "alice@example.org"})
    match = re.search(r"https?://[^/]+(/\S+)", mail.outbox[-1].body)
    assert match is not None
    return match[1]


def test_the_key_of_a_reset_link_is_not_logged(
    alice: User, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    client = Client(raise_request_exception=False)
    path = key_link(client)
    break_sessions(monkeypatch)
    assert client.get(path).status_code == 503
    assert client.get("/elsewhere" + path).status_code == 404
    logged = log.getvalue()
    key = path.removesuffix("/").rpartition("/")[2]
    assert "page:account_reset_password_from_key" in logged
    assert key not in logged


def test_strangers_cannot_make_up_metrics(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    break_sessions(monkeypatch)
    client = Client(raise_request_exception=False)
    client.cookies[settings.SESSION_COOKIE_NAME] = "x" * 32
    assert client.get("/made-up-by-a-stranger").status_code == 503
    labels = {
        sample.labels.get("endpoint", "")
        for metric in REGISTRY.collect()
        for sample in metric.samples
    }
    assert "page" in labels
    assert not any("stranger" in label for label in labels)


def test_a_page_that_the_store_has_failed_leaves_no_traceback(
    alice: User, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    """The outage has a line of its own, and the request has one."""
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    break_sessions(monkeypatch)
    assert client.get("/accounts/").status_code == 503
    events.flush()
    assert "Traceback" not in log.getvalue()
    assert log.getvalue().count("temporarily_unavailable") == 1
