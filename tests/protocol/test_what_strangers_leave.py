"""Requests that wait for a person, in a number that no person makes: bounded by network."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from oidc import networks
from oidc.interaction_address import interaction_id_in
from oidc.interactions import find_interaction
from tests.support.doors import Answer, Browser, Send
from tests.support.relying_party import RelyingParty, sign_in

MINUTE = int(time.time()) // 60 * 60
AT_LEAST = 700
"""Bytes of a request with nothing unusual in it; no more than twice as many."""


@pytest.fixture(autouse=True)
def _limited(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Room for two or three requests a minute, and a minute that does not pass."""
    monkeypatch.setattr(networks, "_tally", networks.Tally())
    limits = {"rate_limits": True, "kept_bytes_per_minute": 3 * AT_LEAST}
    settings.GATEHOUSE = {**settings.GATEHOUSE, **limits}
    with time_machine.travel(MINUTE + 20, tick=False):
        yield


def until_refused(start: Any, *, most: int) -> Answer:
    for _ in range(most):
        answer: Answer = start()
        if answer.status == 429:
            return answer
        assert answer.status == 303
    raise AssertionError("never refused")


def test_a_flood_ends_in_a_page_that_says_when_to_come_back(
    send: Send, web: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert web.authorize(Browser(send)).status == 303
    refused = until_refused(lambda: web.authorize(Browser(send)), most=3)
    assert refused.header("Retry-After") == "40"
    assert not refused.location
    assert "try again in a minute" in refused.text
    with time_machine.travel(MINUTE + 61, tick=False):
        assert web.authorize(Browser(send)).status == 303
    monkeypatch.setattr(networks, "network_of", lambda _: "another network")
    assert web.authorize(Browser(send)).status == 303


def test_what_is_large_counts_as_much(send: Send, web: RelyingParty) -> None:
    assert web.authorize(Browser(send), state="s" * 6 * AT_LEAST).status == 429


def test_a_post_counts_too(send: Send, web: RelyingParty) -> None:
    fields = web.parameters()
    until_refused(lambda: Browser(send).post("/oauth2/authorize", fields), most=4)


@pytest.mark.parametrize("method", ["get", "post"])
def test_so_do_requests_to_sign_out(send: Send, method: str) -> None:
    fields = {"logout_hint": "x" * AT_LEAST}

    def start() -> Answer:
        browser = Browser(send)
        path = "/oauth2/logout"
        return browser.post(path, fields) if method == "post" else browser.get(path, **fields)

    until_refused(start, most=4)


def test_what_leaves_nothing_behind_is_not_counted(
    send: Send, browser: Browser, web: RelyingParty, alice: object
) -> None:
    until_refused(lambda: web.authorize(Browser(send)), most=4)
    assert web.authorize(Browser(send), prompt="none").redirect_members["error"] == "login_required"
    sign_in(browser, alice)
    web.consented_by(alice)
    assert "code" in web.authorize(browser).redirect_members


def test_without_rate_limits_there_is_none(send: Send, web: RelyingParty, settings: Any) -> None:
    settings.GATEHOUSE = {**settings.GATEHOUSE, "rate_limits": False}
    assert {web.authorize(Browser(send)).status for _ in range(6)} == {303}


def test_what_nobody_reads_is_not_kept(browser: Browser, web: RelyingParty) -> None:
    waiting = web.authorize(browser, anything="a" * 4 * AT_LEAST)
    assert waiting.status == 303
    interaction_id = interaction_id_in(waiting.location)
    kept = find_interaction(interaction_id, browser.cookies).parameters
    assert kept == web.parameters()


def test_networks_have_a_fixed_number_of_places() -> None:
    tally = networks.Tally()
    for number in range(1000):
        tally.add(f"192.0.2.{number}", 1)
    assert len(tally._places) == networks._PLACES
    assert tally.add("192.0.2.7", 0) >= 1
