"""Cookies: both doors and the pages see the same browser. Spec: RFC 6265 section 4.2.2."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.conf import settings

from tests.support.doors import Browser, Send
from tests.support.relying_party import RelyingParty, new_person, sign_in


@pytest.mark.parametrize("alice_comes_last", [True, False])
def test_of_two_sessions_endpoints_and_pages_choose_the_same(
    send: Send, web: RelyingParty, alice: object, alice_comes_last: bool
) -> None:
    name = settings.SESSION_COOKIE_NAME
    cookies = []
    for person in (new_person(given_name="Robert"), alice):
        browser = Browser(send)
        sign_in(browser, person)
        cookies.append(f"{name}={browser.cookies[name]}")
    web.consented_by(alice)
    header = {"Cookie": "; ".join(cookies if alice_comes_last else reversed(cookies))}
    page = send("GET", "/accounts/", "", b"", header)
    assert ("Hello, Alice" in page.text) == alice_comes_last
    query = urlencode(web.parameters(prompt="none"))
    answer = send("GET", "/oauth2/authorize", query, b"", header)
    assert ("code" in answer.redirect_members) == alice_comes_last
