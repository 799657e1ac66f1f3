"""Pages in a real browser: what Back shows, and who else is asked for anything."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.journey import LOGIN, arrive, decide, log_in, sign_in, start
from tests.support.stack import Person, Stack

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack")]


def test_back_after_a_sign_out_shows_nothing(page: Page, stack: Stack, person: Person) -> None:
    page.goto(f"{stack.issuer}/accounts/")
    log_in(page, person)
    page.wait_for_url(f"{stack.issuer}/accounts/")
    page.goto(f"{stack.issuer}/accounts/email/")
    expect(page.locator("main")).to_contain_text(f"{person.username}@example.com")
    page.goto(f"{stack.issuer}/accounts/logout/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/signed-out/")
    page.go_back()
    page.go_back()
    page.wait_for_url(LOGIN)
    expect(page.locator("body")).not_to_contain_text(person.username)


def test_another_account_takes_over_only_when_it_has_signed_in(
    page: Page, stack: Stack, person: Person
) -> None:
    other = stack.new_person()
    sign_in(page, stack.app_url, person)
    page.goto(f"{stack.issuer}/accounts/login/another/")
    page.goto(f"{stack.issuer}/accounts/")
    expect(page.locator("main")).to_contain_text(person.username)
    page.goto(f"{stack.issuer}/accounts/login/another/")
    log_in(page, other)
    page.wait_for_url(f"{stack.issuer}/accounts/")
    expect(page.locator("main")).to_contain_text(other.username)


def test_a_whole_sign_in_asks_nobody_but_us_and_the_app(
    new_context: Callable[..., BrowserContext], stack: Stack, person: Person
) -> None:
    context, asked = new_context(), set[str]()
    context.on("request", lambda request: asked.add(re.match(r"\w+://[^/]+|data:", request.url)[0]))
    page = context.new_page()
    start(page, stack.app_url)
    log_in(page, person)
    decide(page, "allow")
    arrive(page, stack.app_url)
    assert asked <= {stack.issuer, stack.app_url, "data:"}
