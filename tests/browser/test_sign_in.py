"""People at a real browser, signing in to sample apps."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.journey import CONSENT, LOGIN, arrive, decide, log_in, sign_in, start
from tests.support.stack import Person, Stack

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack")]


def test_signing_in_shows_claims_calls_the_api_and_refreshes(
    page: Page, stack: Stack, person: Person
) -> None:
    sign_in(page, stack.app_url, person)
    expect(page.locator("#id-token")).to_contain_text(person.sub)
    expect(page.locator("#id-token")).to_contain_text("auth_time")
    expect(page.locator("#userinfo")).to_contain_text("Alice Liddell")
    expect(page.locator("#userinfo")).to_contain_text(f"{person.username}@example.com")
    page.get_by_role("button", name="Call the API").click()
    expect(page.get_by_role("status")).to_contain_text(
        f'answered 200: {{"greeting": "Hello, {person.sub}'
    )
    page.get_by_role("button", name="Refresh tokens").click()
    expect(page.get_by_role("status")).to_contain_text("issued a new access token")


def test_denying_brings_the_person_back_and_signs_nobody_in(
    page: Page, stack: Stack, person: Person
) -> None:
    start(page, stack.app_url)
    log_in(page, person)
    decide(page, "deny")
    page.wait_for_url(f"{stack.app_url}/callback?*")
    expect(page.locator("main")).to_contain_text("You did not let this app sign you in")
    page.goto(stack.app_url)
    expect(page.get_by_role("link", name="Sign in with Gatehouse")).to_be_visible()


def test_a_wrong_password_tells_nothing_and_the_sign_in_goes_on(
    page: Page, stack: Stack, person: Person
) -> None:
    start(page, stack.app_url)
    log_in(page, Person(person.username, "not the password", person.sub))
    expect(page.locator("main")).to_contain_text("is incorrect")
    log_in(page, person)
    decide(page, "allow")
    arrive(page, stack.app_url)


def test_two_tabs_finish_independently(
    new_context: Callable[..., BrowserContext], stack: Stack, person: Person
) -> None:
    context = new_context()
    first, second = context.new_page(), context.new_page()
    start(first, stack.app_url)
    first.wait_for_url(LOGIN)
    start(second, stack.second_app_url)
    log_in(second, person)
    arrive(second, stack.second_app_url)
    # The form in the first tab is older than the sign-in in the second one.
    log_in(first, person)
    first.wait_for_url(CONSENT)
    decide(first, "allow")
    arrive(first, stack.app_url)


def test_two_tabs_of_a_first_visit_do_not_take_each_others_cookies(
    new_context: Callable[..., BrowserContext], stack: Stack, person: Person
) -> None:
    """Each tab's requests have left before the other's answers have brought cookies."""
    context, elsewhere = new_context(), new_context()
    first, another = context.new_page(), elsewhere.new_page()
    start(first, stack.app_url)
    start(another, stack.second_app_url)
    for page in (first, another):
        page.wait_for_url(LOGIN)
    context.add_cookies(elsewhere.cookies())
    log_in(first, person)
    decide(first, "allow")
    arrive(first, stack.app_url)
    second = context.new_page()
    second.goto(another.url)
    arrive(second, stack.second_app_url)


def test_two_consent_pages_are_two_requests(
    new_context: Callable[..., BrowserContext], stack: Stack, person: Person
) -> None:
    context = new_context()
    first, second = context.new_page(), context.new_page()
    start(first, stack.app_url)
    log_in(first, person)
    first.wait_for_url(CONSENT)
    start(second, stack.app_url)
    second.wait_for_url(CONSENT)
    assert first.url != second.url
    decide(second, "deny")
    second.wait_for_url(f"{stack.app_url}/callback?error=access_denied*")
    decide(first, "allow")
    arrive(first, stack.app_url)


def test_going_back_to_a_finished_request_says_so(page: Page, stack: Stack, person: Person) -> None:
    sign_in(page, stack.app_url, person)
    page.go_back()
    page.wait_for_url(CONSENT)
    page.reload()
    expect(page.locator("main")).to_contain_text("finished")
    page.goto(stack.app_url)
    arrive(page, stack.app_url)


def test_a_second_app_signs_in_silently(page: Page, stack: Stack, person: Person) -> None:
    sign_in(page, stack.app_url, person)
    visited: list[str] = []
    page.on("framenavigated", lambda frame: visited.append(frame.url))
    start(page, stack.second_app_url)
    arrive(page, stack.second_app_url)
    assert not [url for url in visited if url.startswith(stack.issuer)]
    expect(page.locator("#id-token")).to_contain_text(person.sub)


def test_a_request_opens_only_in_the_browser_that_started_it(
    page: Page, new_context: Callable[..., BrowserContext], stack: Stack, person: Person
) -> None:
    start(page, stack.app_url)
    log_in(page, person)
    page.wait_for_url(CONSENT)
    elsewhere = new_context().new_page()
    answer = elsewhere.goto(page.url)
    assert answer is not None
    assert answer.status == 400
    expect(elsewhere.locator("button[name=decision]")).to_have_count(0)
    decide(page, "allow")
    arrive(page, stack.app_url)


def test_signing_out_ends_the_session_and_the_apps_tokens(
    page: Page, stack: Stack, person: Person
) -> None:
    sign_in(page, stack.app_url, person)
    page.goto(f"{stack.issuer}/accounts/logout/")
    page.click("main form [type=submit]")
    page.wait_for_url("**/accounts/signed-out/")
    page.goto(stack.app_url)
    page.get_by_role("button", name="Refresh tokens").click()
    expect(page.locator("main")).to_contain_text("Your sign-in has ended")
    page.get_by_role("link", name="Sign in again").click()
    page.wait_for_url(LOGIN)


def test_an_app_signs_out_of_gatehouse_too_and_gets_the_person_back(
    page: Page, stack: Stack, person: Person
) -> None:
    """RP-Initiated Logout: nothing is asked, because the app shows the ID token of this session."""
    sign_in(page, stack.app_url, person)
    page.get_by_role("button", name="Sign out of Gatehouse too").click()
    page.wait_for_url(f"{stack.app_url}/")
    start(page, stack.app_url)
    page.wait_for_url(LOGIN)
