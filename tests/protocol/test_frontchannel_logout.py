"""OpenID Connect Front-Channel Logout 1.0: the page of frames. A browser test looks at it too."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest

from tests.support.doors import Answer, Browser, Send
from tests.support.relying_party import ISSUER, RelyingParty
from tests.support.signing_out import (
    AFTER_LOGOUT,
    FRONT_CHANNEL,
    confirm,
    frames,
    is_signed_out_page,
    log_out,
    register,
    signed_in_through,
)

CONTINUE = re.compile(r'<a class="button" href="([^"]+)">Continue</a>')


def target_of(page: Answer) -> str:
    return unescape(CONTINUE.search(page.text).group(1))


@pytest.fixture
def client(send: Send) -> RelyingParty:
    return register(send, frontchannel_logout_uri=FRONT_CHANNEL)


def test_2_a_frame_has_exactly_iss_and_sid(
    browser: Browser, client: RelyingParty, alice: Any
) -> None:
    hint = signed_in_through(browser, client, alice)["id_token"]
    page = log_out(browser, id_token_hint=hint)
    [frame] = frames(page)
    sid = jwt.decode(hint, options={"verify_signature": False})["sid"]
    assert frame.startswith(f"{FRONT_CHANNEL}?")
    assert parse_qsl(urlsplit(frame).query) == [("iss", ISSUER), ("sid", sid)]


def test_2_the_query_of_a_registered_address_is_kept(
    send: Send, browser: Browser, alice: Any
) -> None:
    client = register(
        send,
        frontchannel_logout_uri=f"{FRONT_CHANNEL}?tenant=1",
        frontchannel_logout_session_required=True,
    )
    hint = signed_in_through(browser, client, alice)["id_token"]
    [frame] = frames(log_out(browser, id_token_hint=hint))
    assert [name for name, _ in parse_qsl(urlsplit(frame).query)] == ["tenant", "iss", "sid"]


def test_3_every_client_of_the_session_gets_one_and_then_it_goes_on(
    send: Send, browser: Browser, client: RelyingParty, alice: Any
) -> None:
    other = register(
        send,
        redirect_uris=["https://other.example:8443/cb"],
        frontchannel_logout_uri="https://other.example:8443/out",
    )
    other.redirect_uri = "https://other.example:8443/cb"
    silent = register(send)
    unused = register(send, frontchannel_logout_uri=FRONT_CHANNEL)
    hint = signed_in_through(browser, client, alice)["id_token"]
    for each in (other, silent):
        signed_in_through(browser, each, alice)
    page = log_out(browser, id_token_hint=hint, post_logout_redirect_uri=AFTER_LOGOUT, state='"s"')
    assert page.status == 200
    assert [frame.partition("?")[0] for frame in frames(page)] == [
        FRONT_CHANNEL,
        "https://other.example:8443/out",
    ]
    assert target_of(page) == f"{AFTER_LOGOUT}?state=%22s%22"
    assert unused.client_id not in page.text


def test_3_the_policy_lets_these_frames_in_and_no_others(
    send: Send, browser: Browser, client: RelyingParty, alice: Any
) -> None:
    hint = signed_in_through(browser, client, alice)["id_token"]
    page = log_out(browser, id_token_hint=hint)
    policy = page.header("Content-Security-Policy")
    assert "frame-src https://client.example;" in policy + ";"
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_3_frames_cannot_take_the_page_away(
    browser: Browser, client: RelyingParty, alice: Any
) -> None:
    hint = signed_in_through(browser, client, alice)["id_token"]
    page = log_out(browser, id_token_hint=hint)
    [sandbox] = re.findall(r'sandbox="([^"]*)"', page.text)
    assert set(sandbox.split()) == {"allow-scripts", "allow-same-origin"}
    assert 'referrerpolicy="no-referrer"' in page.text


def test_the_session_has_ended_before_the_frames_are_shown(
    browser: Browser, client: RelyingParty, alice: Any
) -> None:
    hint = signed_in_through(browser, client, alice)["id_token"]
    log_out(browser, id_token_hint=hint)
    answer = client.authorize(browser, prompt="none")
    assert answer.redirect_members["error"] == "login_required"


@pytest.mark.parametrize("path", ["/accounts/logout/", "/accounts/sign-out-everywhere/"])
def test_the_account_pages_show_the_frames_too(
    browser: Browser, client: RelyingParty, alice: Any, path: str
) -> None:
    signed_in_through(browser, client, alice)
    page = browser.follow(confirm(browser, browser.get(path), path))
    assert len(frames(page)) == 1
    assert target_of(page) == "/accounts/signed-out/"


def test_without_clients_to_tell_there_is_no_such_page(
    send: Send, browser: Browser, alice: Any
) -> None:
    signed_in_through(browser, register(send), alice)
    page = browser.get("/accounts/logout/")
    assert confirm(browser, page, "/accounts/logout/").location == "/accounts/signed-out/"


def test_the_page_can_be_loaded_again_in_its_own_browser_only(
    send: Send, browser: Browser, client: RelyingParty, alice: Any
) -> None:
    signed_in_through(browser, client, alice)
    page = browser.get("/accounts/logout/")
    farewell = confirm(browser, page, "/accounts/logout/").location
    for _ in range(2):
        assert len(frames(browser.get(farewell))) == 1
    assert frames(Browser(send).get(farewell)) == []
    assert is_signed_out_page(Browser(send).follow(Browser(send).get(farewell)))


def test_discovery_says_so(browser: Browser) -> None:
    metadata = browser.get("/.well-known/openid-configuration").json()
    assert metadata["frontchannel_logout_supported"] is True
    assert metadata["frontchannel_logout_session_supported"] is True
