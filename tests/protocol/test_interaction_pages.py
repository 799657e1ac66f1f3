"""From the authorization request through log-in and consent and back: the pages for people."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

from tests.support.doors import Answer, Browser, Send
from tests.support.relying_party import RelyingParty, new_person, sign_in

CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
PERSON = re.compile(r'name="person" value="([^"]+)"')
NEXT = re.compile(r'name="next" value="([^"]+)"')


def csrf(page: Answer) -> dict[str, str]:
    return {"csrfmiddlewaretoken": CSRF.search(page.text).group(1)}


def log_in(browser: Browser, answer: Answer, person: object) -> Answer:
    """Follow to the log-in page, fill it in, and go on to the next page or the client."""
    return fill_in(browser, browser.get(answer.location).location, person)


def fill_in(browser: Browser, path: str, person: object) -> Answer:
    """Fill in a log-in page, and go on to the next page or the client."""
    page = browser.get(path)
    assert page.status == 200, page.text
    fields = csrf(page) | {
        "next": NEXT.search(page.text).group(1),
        "login": person.username,
        "password": person.raw_password,
    }
    return browser.follow(browser.post(path, fields))


def decide(browser: Browser, path: str, page: Answer, decision: str) -> Answer:
    return browser.post(path, csrf(page) | {"decision": decision})


def use_another_account(browser: Browser, answer: Answer) -> str:
    """Click that button on the page that an authorization request has led to.

    Returns the address of the log-in page.
    """
    page = browser.get(answer.location)
    assert 'value="other"' in page.text
    return browser.post(answer.location, csrf(page) | {"account": "other"}).location


def test_log_in_and_consent_lead_back_with_a_code(
    browser: Browser, web: RelyingParty, alice: object
) -> None:
    answer = web.authorize(browser)
    assert web.client_id not in answer.location
    page = log_in(browser, answer, alice)
    assert page.status == 200
    assert "A web client" in page.text
    back = decide(browser, answer.location, page, "allow")
    assert back.redirect_members["state"] == web.state
    assert web.redeem(back.redirect_members["code"]).status == 200


def test_consent_is_asked_once(browser: Browser, web: RelyingParty, alice: object) -> None:
    answer = web.authorize(browser)
    page = log_in(browser, answer, alice)
    decide(browser, answer.location, page, "allow")
    assert "code" in web.authorize(browser).redirect_members


def test_denying_is_access_denied_and_stores_no_consent(
    browser: Browser, web: RelyingParty, alice: object
) -> None:
    answer = web.authorize(browser)
    page = log_in(browser, answer, alice)
    back = decide(browser, answer.location, page, "deny")
    assert back.redirect_members["error"] == "access_denied"
    assert back.redirect_members["state"] == web.state
    assert web.authorize(browser, prompt="none").redirect_members["error"] == "consent_required"


def test_finished_interaction_cannot_be_finished_again(
    browser: Browser, web: RelyingParty, alice: object
) -> None:
    answer = web.authorize(browser)
    page = log_in(browser, answer, alice)
    decide(browser, answer.location, page, "allow")
    again = browser.get(answer.location)
    assert (again.status, again.location) == (400, "")


def test_an_interaction_opens_only_in_its_own_browser(
    send: Send, browser: Browser, web: RelyingParty, alice: object
) -> None:
    answer = web.authorize(browser)
    victim = Browser(send)
    sign_in(victim, alice)
    web.authorize(victim, prompt="consent")
    assert victim.get(answer.location).status == 400
    assert Browser(send).get(answer.location).status == 400


def test_two_tabs_finish_independently(send: Send, browser: Browser, alice: object) -> None:
    one, two = RelyingParty.register(send), RelyingParty.register(send)
    first, second = one.authorize(browser), two.authorize(browser)
    page = log_in(browser, first, alice)
    other_page = browser.get(second.location)
    back = decide(browser, second.location, other_page, "allow")
    assert back.redirect_members["state"] == two.state
    back = decide(browser, first.location, page, "allow")
    assert back.redirect_members["state"] == one.state
    assert one.redeem(back.redirect_members["code"]).status == 200


def test_two_tabs_of_a_first_visit_do_not_take_each_others_cookie(
    send: Send, browser: Browser, alice: object
) -> None:
    """Both requests have left before either answer has brought a cookie."""
    one, two = RelyingParty.register(send), RelyingParty.register(send)
    other_tab = Browser(send)
    first, second = one.authorize(browser), two.authorize(other_tab)
    browser.cookies |= other_tab.cookies
    page = log_in(browser, first, alice)
    back = decide(browser, first.location, page, "allow")
    assert back.redirect_members["state"] == one.state
    back = decide(browser, second.location, browser.get(second.location), "allow")
    assert back.redirect_members["state"] == two.state


@pytest.mark.parametrize("consented", [True, False])
@pytest.mark.parametrize(
    ("prompt", "click"),
    [("consent", {"decision": "allow"}), ("select_account", {"account": "continue"})],
)
def test_what_one_person_clicks_is_not_done_as_another(
    browser: Browser, web: RelyingParty, alice: object, prompt: str, click: dict, consented: bool
) -> None:
    """Bob has signed in in another tab, while this one still shows Alice's form."""
    bob = new_person(given_name="Robert")
    sign_in(browser, alice)
    waiting = web.authorize(browser, prompt=prompt)
    page = browser.get(waiting.location)
    sign_in(browser, bob)
    if consented:
        web.consented_by(bob)
    shown_to = {"person": PERSON.search(page.text).group(1)}
    answer = browser.post(waiting.location, csrf(page) | shown_to | click)
    assert (answer.status, answer.location) == (200, "")
    assert "Continue as Robert" in answer.text
    shown_to = {"person": PERSON.search(answer.text).group(1)}
    answer = browser.post(waiting.location, csrf(answer) | shown_to | {"account": "continue"})
    asks = prompt == "consent" or not consented
    assert ('value="allow"' in answer.text) == asks
    assert ("code" in answer.redirect_members) != asks


def test_a_browser_that_has_a_binding_cookie_gets_no_second_one(
    browser: Browser, web: RelyingParty
) -> None:
    assert web.authorize(browser).header("Set-Cookie")
    assert not web.authorize(browser).header("Set-Cookie")


def test_the_cookie_that_scripts_can_read_binds_nothing(
    send: Send, browser: Browser, web: RelyingParty
) -> None:
    """Its name begins alike."""
    other = Browser(send, {"gatehouse_browser_state": "a"})
    waiting = web.authorize(other)
    assert waiting.header("Set-Cookie")
    browser.cookies["gatehouse_browser_state"] = "a"
    assert browser.get(waiting.location).status == 400


def test_prompt_login_gives_a_later_auth_time(
    browser: Browser, web: RelyingParty, alice: object
) -> None:
    sign_in(browser, alice)
    web.consented_by(alice)
    answer = web.authorize(browser, prompt="login")
    path = browser.get(answer.location).location
    assert path.startswith("/accounts/reauthenticate/")
    page = browser.get(path)
    fields = csrf(page) | {"password": alice.raw_password, "next": NEXT.search(page.text).group(1)}
    back = browser.follow(browser.post(path, fields))
    assert web.redeem(back.redirect_members["code"]).status == 200


def test_prompt_consent_asks_again(browser: Browser, web: RelyingParty, alice: object) -> None:
    sign_in(browser, alice)
    web.consented_by(alice)
    answer = web.authorize(browser, prompt="consent")
    page = browser.get(answer.location)
    assert 'value="allow"' in page.text
    assert "code" in decide(browser, answer.location, page, "allow").redirect_members


def test_prompt_select_account_continue_and_other(
    browser: Browser, web: RelyingParty, alice: object
) -> None:
    sign_in(browser, alice)
    web.consented_by(alice)
    answer = web.authorize(browser, prompt="select_account")
    page = browser.get(answer.location)
    assert 'value="continue"' in page.text
    chosen = browser.post(answer.location, csrf(page) | {"account": "continue"})
    assert "code" in browser.follow(chosen).redirect_members

    answer = web.authorize(browser, prompt="select_account")
    page = browser.get(answer.location)
    other = browser.post(answer.location, csrf(page) | {"account": "other"})
    assert other.location.startswith("/accounts/login/another/?next=%2Finteraction%2F")


def test_hint_of_another_person_must_log_in_as_that_person(
    browser: Browser, web: RelyingParty, alice: object
) -> None:
    bob = new_person()
    hint = web.tokens_for(bob)["id_token"]
    sign_in(browser, alice)
    answer = web.authorize(browser, id_token_hint=hint)
    back = fill_in(browser, use_another_account(browser, answer), alice)
    assert back.redirect_members["error"] == "login_required"

    answer = web.authorize(browser, id_token_hint=hint)
    back = fill_in(browser, use_another_account(browser, answer), bob)
    assert "code" in back.redirect_members


def test_login_hint_prefills_the_log_in_page(browser: Browser, web: RelyingParty) -> None:
    answer = web.authorize(browser, login_hint='alice"><b>')
    page = browser.follow(answer)
    assert "alice&quot;&gt;&lt;b&gt;" in page.text


def test_log_in_page_names_the_client(send: Send, browser: Browser) -> None:
    client = RelyingParty.register(
        send,
        logo_uri="https://client.example/logo.png",
        policy_uri="https://client.example/policy",
        tos_uri="https://client.example/terms",
    )
    page = browser.follow(client.authorize(browser))
    for shown in ("A web client", "/policy", "/terms"):
        assert shown in page.text
    assert "logo.png" not in page.text, "browsers ask nobody but us"


@pytest.mark.parametrize("decision", ["allow", "deny"])
def test_decision_without_csrf_token_is_refused(
    browser: Browser, web: RelyingParty, alice: object, decision: str
) -> None:
    from django.test import Client

    answer = web.authorize(browser)
    log_in(browser, answer, alice)
    strict = Client(enforce_csrf_checks=True)
    for name, value in browser.cookies.items():
        strict.cookies[name] = value
    assert strict.post(answer.location, {"decision": decision}).status_code == 403


def test_signing_out_ends_single_sign_on(
    browser: Browser, web: RelyingParty, alice: object
) -> None:
    sign_in(browser, alice)
    web.consented_by(alice)
    page = browser.get("/accounts/logout/")
    browser.post("/accounts/logout/", csrf(page))
    assert web.authorize(browser, prompt="none").redirect_members["error"] == "login_required"


def test_who_must_log_in_again_may_be_somebody_else(
    browser: Browser, web: RelyingParty, alice: object
) -> None:
    sign_in(browser, new_person())
    waiting = web.authorize(browser, prompt="login")
    page = browser.follow(waiting)
    another = re.search(r'href="(/accounts/login/another/[^"]+)"', page.text).group(1)
    asked = fill_in(browser, another, alice)
    assert 'value="allow"' in asked.text
    assert alice.username in asked.text
    assert "code" in decide(browser, waiting.location, asked, "allow").redirect_members


@pytest.mark.parametrize(
    "following", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"]
)
def test_signing_out_leads_to_no_other_site(
    browser: Browser, alice: object, following: str
) -> None:
    sign_in(browser, alice)
    way_out = f"/accounts/logout/?{urlencode({'next': following})}"
    left = browser.post(way_out, csrf(browser.get(way_out)))
    assert left.location == "/accounts/signed-out/"
    assert browser.get(way_out).location == "/accounts/signed-out/"


def test_pages_carry_a_strict_policy(browser: Browser, web: RelyingParty, alice: object) -> None:
    answer = web.authorize(browser)
    page = log_in(browser, answer, alice)
    policy = page.header("Content-Security-Policy")
    assert "unsafe" not in policy
    assert "form-action" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.header("Referrer-Policy") == "same-origin"
