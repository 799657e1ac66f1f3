"""A person looks at the password that they have typed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.support.stack import Person, Stack

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack")]


def test_it_is_shown_on_demand_and_sent_hidden(page: Page, stack: Stack, person: Person) -> None:
    page.goto(f"{stack.issuer}/accounts/login/")
    page.get_by_label("Username or e-mail").fill(person.username)
    field = page.get_by_label("Password")
    field.fill("not the password")
    expect(field).to_have_attribute("type", "password")

    page.get_by_role("button", name="Show (Password)").press("Enter")
    expect(field).to_have_attribute("type", "text")
    expect(field).to_have_value("not the password")
    expect(page.get_by_text("The password is shown.")).to_be_attached()
    page.get_by_role("button", name="Hide (Password)").click()
    expect(field).to_have_attribute("type", "password")

    page.get_by_role("button", name="Show (Password)").click()
    page.evaluate(
        "document.addEventListener('submit', event => { window.name = "
        "event.target.elements.password.type; })"
    )
    field.press("Enter")  # sends the form, and presses no other button
    expect(page.locator("main")).to_contain_text("is incorrect")
    assert page.evaluate("window.name") == "password"


def test_each_field_has_its_own_button(page: Page, stack: Stack, person: Person) -> None:
    page.goto(f"{stack.issuer}/accounts/login/?next=/accounts/password/change/")
    page.get_by_label("Username or e-mail").fill(person.username)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Show (New password)").click()
    types = page.locator("main input[autocomplete$=password]").evaluate_all(
        "inputs => inputs.map(input => input.type)"
    )
    assert types == ["password", "text", "password"]


def test_without_scripts_there_is_no_button(
    new_context: Callable[..., BrowserContext], stack: Stack
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{stack.issuer}/accounts/login/")
    expect(page.get_by_label("Password")).to_be_visible()
    expect(page.locator(".reveal")).to_be_hidden()
