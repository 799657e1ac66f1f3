"""The steps that a person takes. Each leaves the page where the next begins."""

from __future__ import annotations

import re

from playwright.sync_api import Page

from tests.support.stack import Person

LOGIN = re.compile(r"/accounts/login/")
CONSENT = re.compile(r"/interaction/[^/?]+(\?app=[\w-]+)?$")


def start(page: Page, app_url: str) -> None:
    """Open an app and ask it to sign us in."""
    page.goto(app_url)
    page.get_by_role("link", name="Sign in with Gatehouse").click()


def log_in(page: Page, person: Person) -> None:
    """Fill in the log-in form and send it."""
    page.wait_for_url(LOGIN)
    page.fill("input[name=login]", person.username)
    page.fill("input[name=password]", person.password)
    page.click("form:has(input[name=password]) [type=submit]")


def decide(page: Page, decision: str) -> None:
    """Press a button of the consent page: `allow` or `deny`."""
    page.wait_for_url(CONSENT)
    page.click(f"button[name=decision][value={decision}]")


def arrive(page: Page, app_url: str) -> None:
    """Wait until an app has signed us in."""
    page.wait_for_url(f"{app_url}/")
    page.get_by_role("button", name="Sign out of this app").wait_for()


def sign_in(page: Page, app_url: str, person: Person) -> None:
    """Go the whole way for the first time."""
    start(page, app_url)
    log_in(page, person)
    decide(page, "allow")
    arrive(page, app_url)
