"""The names under which the server answers: a foreign Host, and this machine's other names."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from structlog.stdlib import ProcessorFormatter

from authserver.application import build_application
from tests.support.doors import FORM, Answer, Send, call, send_to_django, send_to_wsgi

PAGES = ("/accounts/login/", "/admin/login/", "/no/such/page", "/oauth2/authorize")
MACHINES = ("/oauth2/token", "/.well-known/openid-configuration", "/oauth2/register/x")
FOREIGN = (
    "evil.example",
    "evil.example:8000",
    "localhost.evil.example",
    "",
    "\xff",
    "[::1",
    "10.1.2.3",
)


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


@pytest.fixture
def in_production(settings: Any) -> Send:
    """The whole server as it is for another issuer."""
    settings.ISSUER, settings.ISSUER_HOST = "https://id.example", "id.example"
    settings.ALLOWED_HOSTS = ["id.example"]
    return call(build_application())


def with_host(send: Send, method: str, path: str, host: str) -> Answer:
    headers = {"Host": host, "Content-Type": FORM}
    return send(method, path, "", b"", headers)


@pytest.mark.parametrize("path", PAGES + MACHINES)
@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_host_is_refused_with_one_line(
    db: None, in_production: Send, log: io.StringIO, path: str, host: str
) -> None:
    for method in ("GET", "POST"):
        answer = with_host(in_production, method, path, host)
        assert answer.status == 400
        assert b"evil" not in answer.body
    lines = log.getvalue().splitlines()
    assert len(lines) == 2, lines
    assert all("warning" in line and "Traceback" not in line for line in lines), lines


@pytest.mark.parametrize("path", PAGES + MACHINES)
def test_a_host_of_ours_is_served(db: None, in_production: Send, path: str) -> None:
    for host in ("id.example", "id.example:443", "ID.example"):
        answer = with_host(in_production, "GET", path, host)
        assert b"under this name" not in answer.body
        assert b"under this name" not in answer.body


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "[::1]:8000", "0.0.0.0:8000"])
def test_in_production_this_machine_has_no_other_name(
    db: None, in_production: Send, host: str
) -> None:
    assert with_host(in_production, "GET", "/accounts/login/", host).status == 400
    assert with_host(in_production, "GET", "/oauth2/token", host).status == 400


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "[::1]:8000", "0.0.0.0:8000", "127.0.0.1"])
def test_a_browser_is_sent_to_the_address_of_a_local_installation(db: None, host: str) -> None:
    for method in ("GET", "HEAD"):
        answer = send_to_wsgi(method, "/accounts/lögin/", "next=%2Fa&x=1", b"", {"Host": host})
        assert answer.status == 303
        assert answer.location == "http://localhost:8000/accounts/l%C3%B6gin/?next=%2Fa&x=1"
    assert send_to_wsgi("GET", "//evil.example/", "", b"", {"Host": host}).location == (
        "http://localhost:8000//evil.example/"
    )
    assert with_host(send_to_wsgi, "GET", "/oauth2/authorize", host).status == 303
    assert with_host(send_to_wsgi, "POST", "/accounts/login/", host).status == 400


def test_machines_may_use_the_other_names_of_a_local_installation(db: None) -> None:
    metadata = with_host(send_to_wsgi, "GET", "/.well-known/openid-configuration", "127.0.0.1:8000")
    assert metadata.json()["issuer"] == "http://localhost:8000"
    assert with_host(send_to_wsgi, "POST", "/oauth2/token", "127.0.0.1:8000").status in (400, 401)
    assert b"under this name" not in with_host(send_to_wsgi, "POST", "/oauth2/token", "[::1]").body


@pytest.mark.parametrize("path", ["/accounts/login/", "/no/such/page"])
def test_without_our_own_entry_point_django_logs_one_line_too(
    db: None, log: io.StringIO, path: str
) -> None:
    assert with_host(send_to_django, "GET", path, "evil.example").status in (400, 404)
    lines = [line for line in log.getvalue().splitlines() if "HTTP_HOST" in line]
    assert len(lines) <= 1
    assert "Traceback" not in log.getvalue()
    assert '"level":"error"' not in log.getvalue()
