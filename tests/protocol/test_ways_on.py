"""No page is a dead end: each leads to the app, to the account, or to another attempt.

Spec: OpenID Connect Core 1.0 section 4 (`initiate_login_uri`, `iss`); RFC 6749 section 4.1.2.1.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from authserver import sessions
from oidc import error_page
from oidc.base64url import decode, encode
from oidc.clients.service import disable_client
from oidc.errors import StoreUnavailable
from oidc.interaction_address import PARAMETER
from oidc.models import FailedRequest, OAuthClient
from oidc.stores.redis import interactions
from tests.protocol.test_interaction_pages import csrf, decide, log_in
from tests.support.doors import Answer, Browser, Send, send_to_wsgi
from tests.support.relying_party import ISSUER, REDIRECT_URI, RelyingParty, sign_in

START, HOME = "https://client.example/start?tenant=1", "https://client.example/"
WAY_IN = f"{START}&iss=http%3A%2F%2Flocalhost%3A8000"
LINK = re.compile(r'<a class="button[^"]*" href="([^"]*)">([^<]*)</a>')


def ways_on(page: Answer) -> dict[str, str]:
    """Return the links of a page that look like buttons, by what is on them."""
    return {text: html.unescape(address) for address, text in LINK.findall(page.text)}


@pytest.fixture
def app(send: Send) -> RelyingParty:
    return RelyingParty.register(send, initiate_login_uri=START, client_uri=HOME)


def finish(browser: Browser, app: RelyingParty, person: Any) -> Answer:
    """Sign in to an app. Returns the answer that began it."""
    waiting = app.authorize(browser)
    page = log_in(browser, waiting, person)
    assert "code" in decide(browser, waiting.location, page, "allow").redirect_members
    return waiting


def later(monkeypatch: pytest.MonkeyPatch, waiting: Answer) -> None:
    """Let a request have waited for too long."""
    interaction_id = urlsplit(waiting.location).path.rpartition("/")[2]
    interactions.consume(interaction_id, request_id="x")
    monkeypatch.setattr("oidc.interaction_address.time.time", lambda: 4e9)


# --- A sign-in that waits no more -----------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_finished_one_goes_back_to_the_app(
    browser: Browser, app: RelyingParty, alice: object, method: str
) -> None:
    """The browser's Back, or a second click."""
    waiting = finish(browser, app, alice)
    path, _, query = waiting.location.partition("?")
    again = browser.request(method, path, query, headers={"Sec-Fetch-Site": "same-origin"})
    assert (again.status, again.location) == (303, WAY_IN)


def test_the_home_of_the_app_will_do(send: Send, browser: Browser, alice: object) -> None:
    waiting = finish(browser, RelyingParty.register(send, client_uri=HOME), alice)
    assert browser.get(waiting.location).location == HOME


def test_an_app_without_an_address_gets_a_page(
    browser: Browser, web: RelyingParty, alice: object
) -> None:
    page = browser.get(finish(browser, web, alice).location)
    assert (page.status, page.location) == (400, "")
    assert "This sign-in is finished" in page.text
    assert ways_on(page) == {"Your account": "/accounts/"}


def test_an_expired_one_leads_to_the_app(
    browser: Browser, app: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = app.authorize(browser)
    later(monkeypatch, waiting)
    page = browser.get(waiting.location)
    assert page.status == 400
    assert "This sign-in has expired" in page.text
    expected = {"Continue to A web client": WAY_IN, "Your account": "/accounts/"}
    assert ways_on(page) == expected


def test_another_browser_is_led_to_the_app(send: Send, browser: Browser, app: RelyingParty) -> None:
    """Or one that has lost its cookies."""
    page = Browser(send).get(app.authorize(browser).location)
    assert page.status == 400
    assert "started in another browser" in page.text
    assert ways_on(page)["Continue to A web client"] == WAY_IN


def test_what_failed_names_the_app_to_admins(
    send: Send, browser: Browser, app: RelyingParty
) -> None:
    Browser(send).get(app.authorize(browser).location)
    assert FailedRequest.objects.latest("id").client_id == app.client_id


def without_trace(address: str) -> str:
    return address.partition("?")[0]


def with_another_app(address: str, client_id: str) -> str:
    """Put another client id behind the MAC."""
    path, _, trace = address.partition(f"?{PARAMETER}=")
    octets = decode(trace)[: -len(client_id)] + client_id.encode()
    return f"{path}?{PARAMETER}={encode(octets).decode()}"


@pytest.mark.parametrize(
    "changed",
    [
        without_trace,
        lambda address: address[:-9],
        lambda address: address + "A" * 600,
        lambda address: f"{address}&{PARAMETER}=x",
        lambda address: re.sub(r"=.*", "=%FF%C3", address),
        lambda address: re.sub(r"=.*", "=A", address),
    ],
)
def test_a_broken_trace_is_no_error(
    send: Send, browser: Browser, app: RelyingParty, changed: Callable[[str], str]
) -> None:
    address = changed(app.authorize(browser).location)
    page = Browser(send).get(address)
    assert page.status == 400
    ours = {"Continue to A web client", "Your account"}
    assert ways_on(page).keys() <= (ours if "&" in address else {"Your account"})


def test_nobody_else_can_name_an_app(send: Send, browser: Browser, app: RelyingParty) -> None:
    evil = RelyingParty.register(send, client_uri="https://evil.example/")
    page = Browser(send).get(with_another_app(app.authorize(browser).location, evil.client_id))
    assert page.status == 400
    assert ways_on(page) == {"Your account": "/accounts/"}


def test_an_address_from_before_the_trace_still_works(
    browser: Browser, app: RelyingParty, alice: object
) -> None:
    """A rolling upgrade, in either direction."""
    waiting = app.authorize(browser)
    old = Answer(303, [("Location", without_trace(waiting.location))], b"")
    page = log_in(browser, old, alice)
    assert "code" in decide(browser, old.location, page, "allow").redirect_members
    assert "already finished" in browser.get(old.location).text


def test_the_address_holds_nothing_of_the_request(browser: Browser, app: RelyingParty) -> None:
    location = app.authorize(browser, login_hint="alice@example.org").location
    assert list(parse_qs(urlsplit(location).query)) == [PARAMETER]
    for told in (app.client_id, app.state, app.nonce, "alice", "client.example"):
        assert told not in location


# --- Errors of the authorization endpoint ---------------------------------------------------------


def test_an_address_that_is_not_registered_is_shown_and_compared(
    browser: Browser, app: RelyingParty
) -> None:
    page = app.authorize(browser, redirect_uri=f"{REDIRECT_URI}/")
    assert page.status == 400
    assert f">{REDIRECT_URI}/</code>" in page.text
    assert "a slash at the end of the path" in page.text
    assert ways_on(page) == {"Continue to A web client": WAY_IN, "Your account": "/accounts/"}
    detail = FailedRequest.objects.latest("id").detail
    assert f"not registered: '{REDIRECT_URI}/'; registered: {REDIRECT_URI}" in detail


def test_registered_addresses_are_for_admins_only(browser: Browser, send: Send) -> None:
    hidden = "https://secret.example/callback"
    app = RelyingParty.register(send, redirect_uris=[hidden])
    page = app.authorize(browser, redirect_uri="https://evil.example/callback")
    assert "the host name" in page.text
    assert "secret.example" not in page.text
    assert hidden in FailedRequest.objects.latest("id").detail


def test_the_address_that_was_sent_is_harmless_text(browser: Browser, app: RelyingParty) -> None:
    sent = "https://x.example/<b>&\u202e\u200b" + "a" * 500
    page = app.authorize(browser, redirect_uri=sent)
    shown = re.search(r"<code[^>]*>([^<]*)</code>", page.text).group(1)
    assert "x.example/&lt;b&gt;&amp;\\u202e\\u200baaa" in shown
    assert shown.endswith("…")
    assert len(html.unescape(shown)) < 140
    assert "x.example" not in re.sub(r"<code.*?</code>", "", page.text)


def test_an_app_that_is_switched_off_says_so(browser: Browser, app: RelyingParty) -> None:
    waiting = app.authorize(browser)
    disable_client(OAuthClient.objects.get(client_id=app.client_id))
    for page in (app.authorize(browser), browser.get(waiting.location)):
        assert page.status == 400
        assert "This app is switched off" in page.text
        assert ways_on(page) == {"Your account": "/accounts/"}
        failure = FailedRequest.objects.latest("id")
        assert (failure.detail, failure.client_id) == ("the client is switched off", app.client_id)
    assert app.redeem("x").json()["error"] == "invalid_client"
    assert FailedRequest.objects.latest("id").detail == "the client is switched off"


def test_an_unknown_app_is_not_called_switched_off(browser: Browser, app: RelyingParty) -> None:
    page = app.authorize(browser, client_id="nobody")
    assert "not registered here" in page.text
    assert FailedRequest.objects.latest("id").detail == "unknown client"


@pytest.fixture
def emitted(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    from oidc import events

    noted: list[Any] = []
    monkeypatch.setattr(events, "emit", noted.append)
    return noted


def test_a_scope_that_is_dropped_leaves_an_event(
    browser: Browser, app: RelyingParty, alice: object, emitted: list[Any]
) -> None:
    sign_in(browser, alice)
    app.consented_by(alice)
    answer = app.authorize(browser, scope="openid payroll email calendar")
    assert "code" in answer.redirect_members
    [event] = emitted
    assert (event.client_id, event.error) == (app.client_id, "")
    assert event.detail == "the client may not have the scope: payroll calendar"


def test_a_scope_that_is_given_leaves_no_word(
    browser: Browser, app: RelyingParty, emitted: list[Any]
) -> None:
    app.authorize(browser)
    assert [event.detail for event in emitted] == [""]


# --- Stores that are away, forms that are old, pages that are not there ---------------------------


def fail(*_: object, **__: object) -> None:
    raise StoreUnavailable("down")


def test_an_outage_keeps_the_place_of_an_authorization_request(
    browser: Browser, app: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(interactions, "store", fail)
        page = app.authorize(browser)
    assert page.status == 503
    again = ways_on(page)["Try again"]
    assert again.startswith("/oauth2/authorize?")
    assert browser.get(again).location.startswith("/interaction/")


def test_an_outage_keeps_the_place_of_a_page(
    browser: Browser, app: RelyingParty, alice: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(browser, alice)
    waiting = app.authorize(browser)
    with monkeypatch.context() as patch:
        patch.setattr(sessions.browser_sessions, "load", fail)
        page = browser.get(waiting.location)
    assert page.status == 503
    assert ways_on(page) == {"Try again": waiting.location, "Your account": "/accounts/"}
    assert 'value="allow"' in browser.get(ways_on(page)["Try again"]).text


def test_an_old_form_can_be_had_anew(browser: Browser, app: RelyingParty, alice: object) -> None:
    from django.test import Client

    waiting = app.authorize(browser)
    log_in(browser, waiting, alice)
    strict = Client(enforce_csrf_checks=True)
    for name, value in browser.cookies.items():
        strict.cookies[name] = value
    refused = strict.post(waiting.location, {"decision": "allow"})
    page = Answer(refused.status_code, [], refused.content)
    assert "This form has expired" in page.text
    assert ways_on(page)["Try again"] == waiting.location


def test_a_page_that_is_not_there_leads_to_the_account(browser: Browser) -> None:
    page = browser.get("/nowhere")
    assert (page.status, ways_on(page)) == (404, {"Your account": "/accounts/"})


def test_too_many_attempts_can_be_followed_by_another(
    browser: Browser, app: RelyingParty, settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    path = browser.get(app.authorize(browser).location).location
    page = browser.get(path)
    for _ in range(2):
        page = browser.post(path, csrf(page) | {"login": "x", "password": "x"})
        if page.status == 429:
            break
    assert page.status == 429
    assert ways_on(page)["Try again"] == path


def test_links_stay_below_an_issuer_with_a_path(settings: Any) -> None:
    settings.GATEHOUSE = {**settings.GATEHOUSE, "base_path": "/id"}
    error = error_page.PageError("invalid_request", "x")
    assert 'href="/id/accounts/"' in error_page.render_error(error, "R")


# --- Addresses that every site is asked for -------------------------------------------------------


def static(path: str) -> Answer:
    return send_to_wsgi("GET", path, "", b"", {})


def test_password_managers_find_the_form(browser: Browser, alice: object) -> None:
    sign_in(browser, alice)
    assert browser.get("/.well-known/change-password").location == "/accounts/password/change/"
    assert browser.get("/accounts/password/change/").status == 200


def test_robots_stay_out_and_icons_are_found(browser: Browser) -> None:
    robots = browser.get("/robots.txt")
    assert (robots.status, robots.text) == (200, "User-agent: *\nDisallow: /\n")
    assert robots.header("Content-Type").startswith("text/plain")
    icon = browser.get("/favicon.ico").location
    assert icon == "/static/gatehouse/logo.svg"
    assert static(icon).header("Content-Type").startswith("image/svg+xml")


def test_no_page_is_kept_by_a_browser(browser: Browser, app: RelyingParty, alice: object) -> None:
    paths = [
        "/",
        "/nowhere",
        "/accounts/login/",
        "/accounts/signed-out/",
        "/accounts/password/reset/",
        "/accounts/password/reset/done/",
        "/accounts/inactive/",
        "/accounts/confirm-email/",
        "/interaction/x",
        "/admin/",
    ]
    signed_in_paths = ["/accounts/", "/accounts/email/", "/accounts/password/change/", "/admin/"]
    for path in paths:
        assert "no-store" in browser.get(path).header("Cache-Control"), path
    sign_in(browser, alice)
    for path in signed_in_paths:
        assert "no-store" in browser.get(path).header("Cache-Control"), path
    assert "no-store" not in static("/static/gatehouse/gatehouse.css").header("Cache-Control")
    assert "max-age" in browser.get("/robots.txt").header("Cache-Control")


assert ISSUER in WAY_IN.replace("%3A", ":").replace("%2F", "/")
