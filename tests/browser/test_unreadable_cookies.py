"""A cookie beyond ASCII, which any site of the same domain can set: nobody is locked out by it."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.support.stack import Person, Stack

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack")]


def log_in(page: Page, stack: Stack, person: Person) -> None:
    page.goto(f"{stack.issuer}/accounts/login/")
    page.fill("input[name=login]", person.username)
    page.fill("input[name=password]", person.password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{stack.issuer}/accounts/")


def test_the_page_mends_what_a_script_can_see_and_nobody_is_signed_out(
    page: Page, stack: Stack, person: Person
) -> None:
    log_in(page, stack, person)
    for attributes in ("path=/", "path=/accounts", "path=/; domain=localhost"):
        page.evaluate(f"document.cookie = 'b\u00e4d=\u00fc\u4e2d; {attributes}'")
    page.goto(f"{stack.issuer}/accounts/")
    page.wait_for_selector("text=Hello")
    assert page.evaluate("document.cookie").isascii()


def test_the_form_deletes_what_no_script_can_see(
    new_context: Callable[..., BrowserContext], stack: Stack, person: Person
) -> None:
    context = new_context()
    page = context.new_page()
    log_in(page, stack, person)
    host = urlsplit(stack.issuer).hostname
    hidden = {"name": "bad", "value": "\u00fc", "domain": host, "path": "/", "httpOnly": True}
    context.add_cookies([hidden])  # type: ignore[list-item]
    answer = page.goto(f"{stack.issuer}/accounts/")
    assert answer is not None
    assert answer.status == 400
    assert page.title().startswith("This server cannot read your cookies")
    page.click("button[type=submit]")
    page.wait_for_url(f"{stack.issuer}/accounts/login/**")
    log_in(page, stack, person)
