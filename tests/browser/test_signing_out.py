"""People at a real browser, signing out of several apps at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.journey import LOGIN, log_in
from tests.browser.relying_parties import App, Site, register, sid_of
from tests.support.receiver import Receiver, receiving
from tests.support.server import running
from tests.support.stack import Person, Stack

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack")]


@dataclass
class House:
    """Three apps, each told in another way, and where the second one is told."""

    front: App
    back: App
    watching: App
    receiver: Receiver

    def sign_in(self, page: Page, person: Person) -> None:
        page.goto(self.front.request())
        log_in(page, person)
        self.front.arrive(page)
        for app in (self.back, self.watching):
            page.goto(app.request())
            app.arrive(page)

    def logout_address(self) -> str:
        hint = {
            "id_token_hint": self.back.id_token(),
            "post_logout_redirect_uri": f"{self.back.site.origin}/signed-out",
            "state": "a state",
        }
        return f"{self.back.issuer}/oauth2/logout?{urlencode(hint)}"


@pytest.fixture(scope="module")
def house(stack: Stack) -> Iterator[House]:
    with ExitStack() as running_now:
        receiver = running_now.enter_context(receiving())
        front, back, watching = (running_now.enter_context(Site().serving()) for _ in range(3))
        yield House(
            register(stack, front, frontchannel_logout_uri=f"{front.origin}/front-channel"),
            register(
                stack,
                back,
                backchannel_logout_uri=receiver.uri,
                post_logout_redirect_uri=f"{back.origin}/signed-out",
            ),
            register(stack, watching),
            receiver,
        )


def test_all_apps_learn_of_it_each_in_its_own_way(
    new_context: Callable[..., BrowserContext], stack: Stack, person: Person, house: House
) -> None:
    """One of them is down for the first four deliveries."""
    context = new_context()
    page, other_tab = context.new_page(), context.new_page()
    house.sign_in(page, person)
    house.watching.watch(other_tab)
    status = other_tab.locator("#status")
    expect(status).to_have_text("unchanged")
    address = house.logout_address()
    house.receiver.answer_with(0, 0, 0, 0)
    allowing = {"GATEHOUSE_FETCH_PRIVATE_ADDRESSES": "true"}
    installation = stack.installation
    worker = replace(installation, environment=installation.environment | allowing).worker()
    with running(worker):
        page.goto(address)
        page.wait_for_url(f"{house.back.site.origin}/signed-out?state=a+state")
        expect(status).to_have_text("changed")
        [asked] = house.front.site.parameters_at("/front-channel")
        assert asked.keys() == {"iss", "sid"}
        assert asked["iss"] == stack.issuer
        sids = [sid_of(delivery.token) for delivery in house.receiver.wait_for(5)]
    assert sids == [asked["sid"]] * 5
    page.goto(house.front.request())
    page.wait_for_url(LOGIN)


def test_an_app_that_does_not_answer_in_its_frame_keeps_nobody(
    page: Page, person: Person, house: House
) -> None:
    house.sign_in(page, person)
    address = house.logout_address()
    house.front.site.let_go.clear()
    started = time.monotonic()
    try:
        page.goto(address, wait_until="commit")
        page.wait_for_url("**/signing-out/*", wait_until="commit")
        expect(page.locator("h1")).to_have_text("You are signed out")
        page.wait_for_url(f"{house.back.site.origin}/signed-out?state=a+state")
    finally:
        house.front.site.let_go.set()
    assert 4 < time.monotonic() - started < 9


def test_without_scripts_a_link_leads_on(
    new_context: Callable[..., BrowserContext], person: Person, house: House
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    house.sign_in(page, person)
    before = len(house.front.site.parameters_at("/front-channel"))
    page.goto(house.logout_address())
    page.wait_for_url("**/signing-out/*")
    assert len(house.front.site.parameters_at("/front-channel")) == before + 1
    page.get_by_role("link", name="Continue").click()
    page.wait_for_url(f"{house.back.site.origin}/signed-out?state=a+state")


def test_a_person_signs_out_everywhere(
    new_context: Callable[..., BrowserContext], stack: Stack, person: Person, house: House
) -> None:
    here, there = new_context().new_page(), new_context().new_page()
    for page in (here, there):
        page.goto(f"{stack.issuer}/accounts/")
        log_in(page, person)
        page.wait_for_url(f"{stack.issuer}/accounts/")
    here.get_by_role("link", name="Sign out everywhere").click()
    here.get_by_role("button", name="Sign out everywhere").click()
    here.wait_for_url("**/accounts/signed-out/")
    there.goto(f"{stack.issuer}/accounts/")
    there.wait_for_url(LOGIN)
