"""A real Chromium, Debian's own, and fresh windows in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support.stack import Person, Stack

TIMEOUT_MS = 30_000


def find_chromium() -> str:
    """Return the browser's path. A missing browser fails the tests: skipped, they prove nothing."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    pytest.fail("No Chromium on PATH. Install it: apt-get install chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for the tests of one module.

    No longer than that: Playwright keeps an event loop running in this thread, and Django would
    refuse to touch the database in tests that follow.
    """
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def new_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Open browsers that share no cookies. Closed after the test."""
    contexts: list[BrowserContext] = []

    def open_context(**options: bool) -> BrowserContext:
        context = browser.new_context(**options)
        context.set_default_timeout(TIMEOUT_MS)
        contexts.append(context)
        return context

    yield open_context
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    """One tab of a fresh browser."""
    return new_context().new_page()


@pytest.fixture
def person(stack: Stack) -> Person:
    """Somebody who has never been here."""
    return stack.new_person()
