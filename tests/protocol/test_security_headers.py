"""Security headers and cookies of every endpoint and page. RFC 9700 section 4.16; RFC 6797;
RFC 6265bis section 4.1.3 (`__Host-`); Content Security Policy Level 3."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from typing import Any

import pytest

from oidc.urls import ENDPOINTS
from tests.protocol.test_bad_input import address_of
from tests.protocol.test_interaction_pages import csrf, log_in
from tests.support.doors import Answer, Browser, Send
from tests.support.relying_party import RelyingParty, new_person

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    "/",
    "/accounts/",
    "/accounts/login/",
    "/accounts/logout/",
    "/accounts/password/reset/",
    "/accounts/signed-out/",
    "/admin/",
    "/health/live",
    "/health/ready",
    "/interaction/x",
    "/nowhere",
    "/oauth2/token/",
)
STATIC = "/static/gatehouse/gatehouse.css"


def policy_of(answer: Answer) -> dict[str, list[str]]:
    """Return the Content-Security-Policy by directive."""
    directives = [directive.split() for directive in answer.header(CSP).split(";")]
    return {name: sources for name, *sources in directives}


CSP = "Content-Security-Policy"


FRAMEABLE = {endpoint.path for endpoint in ENDPOINTS if endpoint.frameable}
READABLE = {"gatehouse_browser_state", "gatehouse_browser_state_seen"}
"""The cookies that a script of ours reads: they say "another one than before", and nothing."""
CLOSED = {
    "gatehouse_browser",
    "gatehouse_csrf",
    "gatehouse_known_browser",
    "gatehouse_session",
}


def assert_hardened(answer: Answer, *, is_https: bool = False, is_frameable: bool = False) -> None:
    names = [name.lower() for name, _ in answer.headers if name.lower() != "set-cookie"]
    assert len(names) == len(set(names)), f"a header comes twice: {sorted(names)}"
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.header("Referrer-Policy") in ("no-referrer", "same-origin")
    assert answer.header("X-Frame-Options") == ("" if is_frameable else "DENY")
    assert bool(answer.header("Strict-Transport-Security")) == is_https
    assert answer.header("X-Request-Id")
    assert not answer.header("Server")
    policy = policy_of(answer)
    assert policy["default-src"] == ["'none'"]
    if not (is_frameable and answer.status == 200):
        assert policy["frame-ancestors"] == ["'none'"]
    assert "unsafe" not in answer.header(CSP)
    assert "*" not in answer.header(CSP)
    for directive in ("script-src", "style-src", "connect-src"):
        assert policy.get(directive, ["'self'"]) == ["'self'"]


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "PUT"])
def test_every_endpoint_is_hardened(send: Send, method: str) -> None:
    for endpoint in ENDPOINTS:
        answer = send(method, address_of(endpoint), "", b"", {})
        assert_hardened(answer, is_frameable=endpoint.frameable)


def test_one_page_may_be_framed_and_has_nothing_to_click(send: Send) -> None:
    assert {"/oauth2/check_session"} == FRAMEABLE
    page = send("GET", "/oauth2/check_session", "", b"", {})
    assert "frame-ancestors" not in policy_of(page)
    assert "<body></body>" in page.text


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_hardened(send: Send, path: str) -> None:
    assert_hardened(send("GET", path, "", b"", {}))


def test_a_whole_sign_in_is_hardened(browser: Browser, web: RelyingParty, alice: object) -> None:
    answers: list[Answer] = []
    through = browser.send

    def noting(*request: Any) -> Answer:
        answers.append(through(*request))
        return answers[-1]

    browser.send = web.send = noting
    started = web.authorize(browser, response_mode="form_post")
    page = log_in(browser, started, alice)
    back = browser.post(started.location, csrf(page) | {"decision": "allow"})
    assert 'name="code"' in back.text
    tokens = web.tokens_for(alice)
    web.userinfo(tokens["access_token"])
    web.introspect(tokens["access_token"])
    web.revoke(tokens["access_token"])
    browser.get("/accounts/")
    assert len(answers) >= 12
    for answer in answers:
        assert_hardened(answer)


def test_what_is_personal_or_secret_is_never_cached(
    browser: Browser, web: RelyingParty, alice: object
) -> None:
    started = web.authorize(browser)
    login = browser.get(browser.get(started.location).location)
    consent = log_in(browser, started, alice)
    home = browser.get("/accounts/")
    tokens = web.redeem(web.code_for(alice))
    userinfo = web.userinfo(tokens.json()["access_token"])
    failed, revoked = web.redeem("x"), web.revoke("x")
    preflight = web.send("OPTIONS", "/oauth2/token", "", b"", {})
    for answer in (revoked, preflight, failed):
        assert answer.header("Cache-Control") == "no-store"
    for answer in (started, login, consent, home, tokens, userinfo, failed):
        control = answer.header("Cache-Control")
        assert "no-store" in control or "no-cache" in control, answer


def test_request_ids_are_new_each_time(send: Send) -> None:
    paths = [*(endpoint.path for endpoint in ENDPOINTS), "/accounts/login/"]
    headers = {"X-Request-Id": "chosen-by-the-caller"}
    ids = [send("GET", path, "", b"", headers).header("X-Request-Id") for path in paths * 3]
    assert len(set(ids)) == len(ids)
    assert all(len(each) == 12 and each.isalnum() for each in ids)


def test_cors_is_for_what_looks_at_no_cookie(send: Send) -> None:
    """And never with credentials: no other origin may act with a person's cookies."""
    for endpoint in ENDPOINTS:
        origin = {"Origin": "https://evil.example"}
        answer = send("GET", address_of(endpoint), "", b"", origin)
        assert answer.header("Access-Control-Allow-Origin") == ("*" if endpoint.cors else "")
        assert not answer.header("Access-Control-Allow-Credentials")
    assert [each.path for each in ENDPOINTS if not each.cors] == [
        "/oauth2/authorize",
        "/oauth2/introspect",
        "/oauth2/logout",
        "/oauth2/check_session",
        "/oauth2/global-token-revocation",
    ]


def cookies_of(answers: list[Answer]) -> dict[str, Morsel[str]]:
    found: dict[str, Morsel[str]] = {}
    for answer in answers:
        for name, value in answer.headers:
            if name == "Set-Cookie":
                found.update(SimpleCookie(value).items())
    return {_without_number(name): cookie for name, cookie in found.items()}


def _without_number(name: str) -> str:
    """Each browser's binding cookie has a name of its own."""
    return re.sub(r"_browser-[0-9a-f]{8}$", "_browser", name)


def test_cookies_over_http_are_closed_to_scripts(
    browser: Browser, web: RelyingParty, alice: object
) -> None:
    started = web.authorize(browser)
    login = browser.get(browser.get(started.location).location)
    fields = csrf(login) | {"login": alice.username, "password": alice.raw_password}
    cookies = cookies_of([started, login, browser.post("/accounts/login/", fields)])
    assert set(cookies) == CLOSED | READABLE
    for name, cookie in cookies.items():
        assert bool(cookie["httponly"]) == (name not in READABLE)
        assert cookie["samesite"] == "Lax"
        assert cookie["path"] == "/"
        assert not cookie["secure"]
        assert not cookie["domain"]


# --- An issuer with https -------------------------------------------------------------------------
#
# Settings are computed when they are imported, so this takes a process of its own. It stands behind
# a proxy that ends TLS, and that nobody told it to trust.

PROGRAM = """
import json, sys, django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.protocol.test_security_headers import answers_of_a_sign_in
json.dump(answers_of_a_sign_in(), sys.stdout)
"""
HTTPS_ORIGIN = "https://id.example"


def answers_of_a_sign_in() -> list[tuple[str, int, list[tuple[str, str]]]]:
    """Sign somebody in, and visit everything else. Returns path, status and headers of each."""
    from tests.support.doors import send_to_wsgi

    noted: list[tuple[str, int, list[tuple[str, str]]]] = []

    def send(method: str, path: str, query: str, body: bytes, headers: dict[str, str]) -> Answer:
        own = {"Host": "id.example", **headers}
        if method == "POST":
            own |= {"Origin": HTTPS_ORIGIN, "Referer": HTTPS_ORIGIN + path}
        answer = send_to_wsgi(method, path, query, body, own)
        noted.append((path, answer.status, answer.headers))
        return answer

    browser, alice = Browser(send), new_person()
    client = RelyingParty.register(send)
    started = client.authorize(browser)
    page = log_in(browser, started, alice)
    browser.post(started.location, csrf(page) | {"decision": "allow"})
    for path in [*(endpoint.path for endpoint in ENDPOINTS), *PAGES]:
        browser.get(path)
    return noted


@pytest.fixture(scope="module")
def https_answers() -> list[tuple[str, Answer]]:
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": "sqlite://:memory:",
        "DJANGO_SETTINGS_MODULE": "authserver.settings",
        "GATEHOUSE_EVENTS_INLINE": "true",
        "GATEHOUSE_ISSUER": HTTPS_ORIGIN,
        "LOG_LEVEL": "CRITICAL",
        "REDIS_URL": os.environ["REDIS_URL"],
        "SECRET_KEY": "an-installation-behind-https-0123456789-abcdefghijklmnopqrstuvwxyz",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return [
        (path, Answer(status, [(name, value) for name, value in headers], b""))
        for path, status, headers in json.loads(done.stdout)
    ]


def test_rfc6797_every_answer_of_an_https_issuer_insists_on_https(
    https_answers: list[tuple[str, Answer]],
) -> None:
    for path, answer in https_answers:
        assert answer.status < 500, path
        assert_hardened(answer, is_https=True, is_frameable=path in FRAMEABLE)
        assert "max-age=31536000" in answer.header("Strict-Transport-Security")


def test_a_sign_in_works_behind_a_proxy_that_ends_tls(
    https_answers: list[tuple[str, Answer]],
) -> None:
    redirects = [answer for _, answer in https_answers if "code" in answer.redirect_members]
    assert len(redirects) == 1
    assert redirects[0].redirect_members["iss"] == HTTPS_ORIGIN


def test_cookies_of_an_https_issuer_cannot_come_from_elsewhere(
    https_answers: list[tuple[str, Answer]],
) -> None:
    cookies = cookies_of([answer for _, answer in https_answers])
    assert set(cookies) == {f"__Host-{name}" for name in CLOSED | READABLE}
    for name, cookie in cookies.items():
        is_readable = name.removeprefix("__Host-") in READABLE
        assert bool(cookie["httponly"]) != is_readable
        assert cookie["secure"]
        # The iframe that reads it stands on other sites' pages.
        assert cookie["samesite"] == ("None" if is_readable else "Lax")
        assert cookie["path"] == "/"
        assert not cookie["domain"]
