"""Popups and impatient fingers: what only a real browser shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser import journey
from tests.support.stack import Person, Stack

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack")]

APP = "https://app.example"


def test_an_app_keeps_hold_of_the_popup_that_it_signs_in_with(
    new_context: Callable[..., BrowserContext], stack: Stack, person: Person
) -> None:
    """`display=popup`: the app waits until the window that it has opened comes back or closes."""
    client = stack.create_client("spa", "--redirect-uri", f"{APP}/callback")
    context = new_context()
    context.route(f"{APP}/**", lambda route: route.fulfill(body="<p>an app without a server</p>"))
    page = context.new_page()
    page.goto(f"{APP}/")
    with page.expect_popup() as opened:
        page.evaluate("url => { window.popup = window.open(url) }", _url(stack, client))
    popup = opened.value
    journey.log_in(popup, person)
    popup.wait_for_url(journey.CONSENT)
    assert page.evaluate("window.popup.closed") is False
    journey.decide(popup, "allow")
    popup.wait_for_url(f"{APP}/callback?code=*")
    assert popup.evaluate("window.opener !== null")


def test_a_double_click_signs_in_once(page: Page, stack: Stack, person: Person) -> None:
    journey.start(page, stack.app_url)
    page.wait_for_url(journey.LOGIN)
    page.fill("input[name=login]", person.username)
    page.fill("input[name=password]", person.password)
    page.dblclick("form:has(input[name=password]) [type=submit]")
    page.wait_for_url(journey.CONSENT)
    page.dblclick("button[name=decision][value=allow]")
    journey.arrive(page, stack.app_url)


def _url(stack: Stack, client: dict[str, Any]) -> str:
    request = {
        "response_type": "code",
        "client_id": client["client_id"],
        "redirect_uri": f"{APP}/callback",
        "scope": "openid profile",
        "display": "popup",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",  # RFC 7636 appendix B
        "code_challenge_method": "S256",
    }
    return f"{stack.issuer}/oauth2/authorize?{urlencode(request)}"
