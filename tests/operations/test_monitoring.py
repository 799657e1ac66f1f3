"""Who may look inside, and that looking needs nobody to be signed in."""

from __future__ import annotations

import io
from typing import Any

import pytest

from tests.protocol.test_store_unavailable import cluster_away
from tests.support.doors import Answer, Browser, send_to_django, send_to_wsgi
from tests.support.relying_party import new_person, sign_in

TOKEN = "a-long-random-text-for-monitoring"
INSIDE = ("127.0.0.1", "10.1.2.3", "192.168.1.1", "100.64.0.9", "::1", "fd00::1", "::ffff:10.1.2.3")
OUTSIDE = ("203.0.114.9", "2a00:1450::1", "::ffff:203.0.114.9", "", "not an address")


def ask(path: str, address: str, **headers: str) -> Answer:
    """Ask through all of the entry point, from an address of its own."""
    from authserver.wsgi import application

    started: list[Any] = []
    environ = {
        "REQUEST_METHOD": "GET",
        "REMOTE_ADDR": address,
        "PATH_INFO": path,
        "SERVER_NAME": "10.1.2.9",
        "SERVER_PORT": "8000",
        "HTTP_HOST": "10.1.2.9:8000",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        **headers,
    }
    body = b"".join(application(environ, lambda *head: started.extend(head)))
    return Answer(int(started[0].split()[0]), list(started[1]), body)


@pytest.mark.parametrize("address", INSIDE)
def test_without_a_token_those_inside_may_look(db: None, address: str) -> None:
    assert b"gatehouse_requests_total" in ask("/metrics", address).body
    assert ask("/health/ready", address).json()["checks"]["database"] == "ok"


@pytest.mark.parametrize("address", OUTSIDE)
def test_those_outside_learn_only_whether_it_is_ready(db: None, address: str) -> None:
    refused = ask("/metrics", address)
    assert refused.status == 403
    assert b"gatehouse_" not in refused.body
    assert ask("/health/ready", address).json() == {"status": "ok"}
    assert ask("/health/live", address).json() == {"status": "ok"}


@pytest.mark.parametrize(
    "name",
    [
        "HTTP_X_FORWARDED_FOR",
        "HTTP_FORWARDED",
        "HTTP_X_FORWARDED_PROTO",
        "HTTP_X_REAL_IP",
        "HTTP_VIA",
    ],
)
def test_what_came_through_a_proxy_is_outside(db: None, name: str) -> None:
    """Trusted or not, and whoever it says that it has come from."""
    assert ask("/metrics", "10.1.2.3", **{name: "10.9.9.9"}).status == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "10.1.2.9.evil.example", ""])
def test_a_website_learns_nothing_by_turning_its_name_to_our_address(db: None, host: str) -> None:
    """DNS rebinding: somebody's browser asks, from inside, under the website's name."""
    refused = ask("/metrics", "127.0.0.1", HTTP_HOST=host)
    assert refused.status == 403
    assert b"gatehouse_" not in refused.body
    assert ask("/health/ready", "127.0.0.1", HTTP_HOST=host).json() == {"status": "ok"}


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "[fd00::1]"])
def test_a_probe_may_ask_by_address_or_by_our_name(db: None, host: str) -> None:
    assert ask("/metrics", "127.0.0.1", HTTP_HOST=host).status == 200


@pytest.mark.parametrize("address", ["127.0.0.1", "203.0.114.9"])
@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
        ("", 401),
        ("Bearer ", 401),
        (f"Bearer {TOKEN}x", 401),
        (f"Basic {TOKEN}", 401),
        ("Bearer \xff", 401),
    ],
)
def test_with_a_token_it_counts_alone(
    db: None, settings: Any, address: str, authorization: str, status: int
) -> None:
    settings.MONITORING_TOKEN = TOKEN
    answer = ask("/metrics", address, HTTP_AUTHORIZATION=authorization)
    assert answer.status == status
    assert answer.header("WWW-Authenticate").startswith("Bearer") == (status == 401)
    ready = ask("/health/ready", address, HTTP_AUTHORIZATION=authorization)
    assert ("checks" in ready.json()) == (status == 200)


@pytest.mark.parametrize("send", [send_to_wsgi, send_to_django])
def test_a_session_cookie_makes_no_difference(db: None, settings: Any, send: Any) -> None:
    browser = Browser(send)
    sign_in(browser, new_person())
    with cluster_away(settings):
        live = browser.get("/health/live")
        ready = browser.get("/health/ready")
    assert (live.status, ready.status) == (200, 503)
    assert ready.json()["checks"]["database"] == "ok"
    for answer in (live, ready, browser.get("/metrics")):
        assert not answer.header("Set-Cookie")
        assert "no-store" in answer.header("Cache-Control")
