"""While the cluster or the database is away: 503, try again, and nobody loses anything.

RFC 6749 section 4.1.2.1 (`temporarily_unavailable`); RFC 9110 section 15.6.4.
"""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from authserver.local.cluster import LocalCluster
from authserver.local.ports import free_base_port
from oidc.clients import repository
from oidc.errors import StoreUnavailable
from oidc.keys import ring
from tests.protocol.test_interaction_pages import csrf
from tests.stores.concurrency import all_at_once
from tests.support.assertions import Signer
from tests.support.battery import PRINTABLE
from tests.support.doors import Answer, Browser, Send, send_to_wsgi
from tests.support.relying_party import RelyingParty, new_person, sign_in

PAGES = ("/accounts/", "/accounts/login/", "/accounts/logout/", "/interaction/x", "/admin/")
MOST_SECONDS = 6


def use(settings: Any, **changes: Any) -> None:
    settings.GATEHOUSE = {**settings.GATEHOUSE, **changes}


def closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


@contextmanager
def cluster_away(settings: Any, deadline_seconds: float = 0.2) -> Iterator[None]:
    """Look for the cluster where nothing listens."""
    before = settings.GATEHOUSE
    use(
        settings,
        redis_url=f"redis://127.0.0.1:{closed_port()}",
        redis_deadline_seconds=deadline_seconds,
    )
    try:
        yield
    finally:
        settings.GATEHOUSE = before


@contextmanager
def database_away() -> Iterator[None]:
    def fail(*_: Any) -> None:
        raise OperationalError("the server closed the connection unexpectedly")

    with connection.execute_wrapper(fail):
        yield
    # Nothing of this reached the database, so the test's own transaction is whole.
    transaction.set_rollback(False)


def assert_unavailable(answer: Answer) -> None:
    assert answer.status == 503, (answer.status, answer.body[:300])
    assert int(answer.header("Retry-After")) > 0
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("X-Request-Id")
    assert not answer.header("Set-Cookie")
    if answer.header("Content-Type").startswith("application/json"):
        assert answer.json()["error"] == "temporarily_unavailable"
        assert PRINTABLE.fullmatch(answer.json()["error_description"])
    else:
        assert "Back in a moment" in answer.text
        assert answer.header("X-Request-Id") in answer.text


@pytest.fixture
def signed_in(browser: Browser, web: RelyingParty, alice: object) -> Browser:
    sign_in(browser, alice)
    web.consented_by(alice)
    return browser


# --- The cluster ----------------------------------------------------------------------------------


def test_every_endpoint_says_503_and_consumes_nothing(
    signed_in: Browser, web: RelyingParty, alice: object, settings: Any
) -> None:
    tokens, code = web.tokens_for(alice), web.code_for(alice)
    cookies = dict(signed_in.cookies)
    with cluster_away(settings):
        for answer in (
            web.redeem(code),
            web.refresh(tokens["refresh_token"]),
            web.userinfo(tokens["access_token"]),
            web.introspect(tokens["access_token"]),
            web.introspect(tokens["refresh_token"]),
            web.revoke(tokens["access_token"]),
            web.revoke(tokens["refresh_token"]),
            web.authorize(signed_in),
            web.authorize(Browser(web.send)),
            signed_in.get("/oauth2/authorize", resume="x"),
            signed_in.post("/oauth2/authorize", web.parameters()),
        ):
            assert_unavailable(answer)
    assert signed_in.cookies == cookies
    assert web.redeem(code).status == 200
    assert web.userinfo(tokens["access_token"]).status == 200
    assert web.refresh(tokens["refresh_token"]).status == 200
    assert "code" in web.authorize(signed_in, prompt="none").redirect_members


@pytest.mark.parametrize("path", PAGES)
def test_pages_say_503_and_keep_the_session(signed_in: Browser, settings: Any, path: str) -> None:
    cookies = dict(signed_in.cookies)
    with cluster_away(settings):
        assert_unavailable(signed_in.get(path))
    assert signed_in.cookies == cookies
    assert "Alice" in signed_in.get("/accounts/").text


def test_logging_in_and_out_says_503(
    browser: Browser, signed_in: Browser, alice: object, settings: Any
) -> None:
    visitor = Browser(browser.send)
    fields = csrf(visitor.get("/accounts/login/"))
    fields |= {"login": alice.username, "password": alice.raw_password}
    goodbye = csrf(signed_in.get("/accounts/logout/"))
    with cluster_away(settings):
        assert_unavailable(visitor.post("/accounts/login/", fields))
        assert_unavailable(signed_in.post("/accounts/logout/", goodbye))
    assert "Alice" in signed_in.get("/accounts/").text
    assert visitor.post("/accounts/login/", fields).status == 302


def test_what_needs_no_store_goes_on(send: Send, machine: RelyingParty, settings: Any) -> None:
    with cluster_away(settings):
        assert machine.token({"grant_type": "client_credentials"}).status == 200
        assert machine.revoke("x").status == 200
        for path in ("/.well-known/jwks.json", "/.well-known/openid-configuration"):
            assert send("GET", path, "", b"", {}).status == 200
        assert send("GET", "/accounts/login/", "", b"", {}).status == 200


def test_private_key_jwt_fails_closed(send: Send, settings: Any) -> None:
    """Without the memory of used assertions none is accepted."""
    signer = Signer(send)
    assertion = signer.assertion()
    with cluster_away(settings):
        assert_unavailable(signer.send(assertion))
    assert signer.send(assertion).status == 200


def test_health_says_why(send: Send, settings: Any) -> None:
    assert send("GET", "/health/ready", "", b"", {}).status == 200
    with cluster_away(settings):
        ready = send("GET", "/health/ready", "", b"", {})
        live = send("GET", "/health/live", "", b"", {})
    assert ready.status == 503
    checks = ready.json()["checks"]
    assert "StoreUnavailable" in checks["redis_cluster"]
    assert checks["database"] == checks["signing_keys"] == "ok"
    assert live.status == 200


def test_nobody_waits_longer_than_six_seconds(db: None, settings: Any) -> None:
    web, browser, alice = RelyingParty.register(send_to_wsgi), Browser(send_to_wsgi), new_person()
    code, tokens = web.code_for(alice), web.tokens_for(alice)
    sign_in(browser, alice)
    with cluster_away(settings, settings.GATEHOUSE["redis_deadline_seconds"]):
        calls = [
            lambda: web.redeem(code),
            lambda: web.introspect(tokens["access_token"]),
            lambda: web.authorize(browser),
            lambda: send_to_wsgi("GET", "/health/ready", "", b"", {}),
        ]
        answers = all_at_once([timed(call) for call in calls])
    assert [answer.status for answer, _ in answers] == [503] * len(calls)
    assert max(seconds for _, seconds in answers) < MOST_SECONDS


def test_a_process_that_never_reached_the_cluster_says_so_in_time(db: None, settings: Any) -> None:
    with cluster_away(settings, settings.GATEHOUSE["redis_deadline_seconds"]):
        ready, seconds = timed(lambda: send_to_wsgi("GET", "/health/ready", "", b"", {}))()
    assert ready.status == 503
    assert seconds < MOST_SECONDS


def timed(call: Callable[[], Answer]) -> Callable[[], tuple[Answer, float]]:
    def measured() -> tuple[Answer, float]:
        started = time.monotonic()
        return call(), time.monotonic() - started

    return measured


@pytest.fixture
def own_cluster(tmp_path: Path, settings: Any) -> Iterator[LocalCluster]:
    """A cluster of one node, to be stopped at will."""
    cluster = LocalCluster(tmp_path, masters=1, replicas=0, base_port=free_base_port(1))
    cluster.start()
    use(settings, redis_url=cluster.url, redis_deadline_seconds=1.0)
    try:
        yield cluster
    finally:
        cluster.stop()


def test_service_resumes_by_itself(own_cluster: LocalCluster, db: None) -> None:
    """The node hangs, then it goes, then it comes back with its data."""
    web, browser, alice = RelyingParty.register(send_to_wsgi), Browser(send_to_wsgi), new_person()
    sign_in(browser, alice)
    web.consented_by(alice)
    tokens, code = web.tokens_for(alice), web.code_for(alice)
    (node,) = own_cluster.nodes()
    node.send_signal(signal.SIGSTOP)
    assert_unavailable(web.introspect(tokens["access_token"]))
    node.send_signal(signal.SIGCONT)
    assert web.introspect(tokens["access_token"]).json()["active"]
    own_cluster.stop()
    assert_unavailable(web.redeem(code))
    assert_unavailable(web.authorize(browser, prompt="none"))
    own_cluster.start()
    assert web.redeem(code).status == 200
    assert web.refresh(tokens["refresh_token"]).status == 200
    assert "code" in web.authorize(browser, prompt="none").redirect_members


# --- The database ---------------------------------------------------------------------------------


def test_a_database_that_is_away_is_503_where_it_is_needed(
    send: Send, signed_in: Browser, web: RelyingParty, alice: object
) -> None:
    tokens = web.tokens_for(alice)
    with database_away():
        assert_unavailable(web.userinfo(tokens["access_token"]))
        assert_unavailable(web.authorize(signed_in))
        assert_unavailable(signed_in.get("/accounts/"))
        repository.cache.clear()
        with pytest.raises(StoreUnavailable, match="database: OperationalError"):
            repository.find_client(web.client_id)
        assert_unavailable(web.refresh(tokens["refresh_token"]))
        ring.forget()
        assert_unavailable(send("GET", "/.well-known/jwks.json", "", b"", {}))
        ready = send("GET", "/health/ready", "", b"", {})
    assert ready.status == 503
    assert "OperationalError" in ready.json()["checks"]["database"]
    assert ready.json()["checks"]["redis_cluster"] == "ok"
    assert web.refresh(tokens["refresh_token"]).status == 200
    assert "code" in web.authorize(signed_in, prompt="none").redirect_members


def test_a_database_that_is_away_does_not_matter_to_known_clients(
    web: RelyingParty, machine: RelyingParty, alice: object
) -> None:
    tokens, code = web.tokens_for(alice), web.code_for(alice)
    machine.token({"grant_type": "client_credentials"})
    with database_away():
        assert machine.token({"grant_type": "client_credentials"}).status == 200
        assert web.redeem(code).status == 200
        assert web.introspect(tokens["access_token"]).json()["active"]
        assert web.refresh(tokens["refresh_token"]).status == 200
        assert web.redeem("x").status == 400  # and a failure that cannot be kept harms nobody


def test_old_signing_keys_serve_while_the_database_is_away(
    machine: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert machine.token({"grant_type": "client_credentials"}).status == 200
    monkeypatch.setattr(ring, "REFRESH_SECONDS", 0)
    with database_away():
        assert machine.token({"grant_type": "client_credentials"}).status == 200
