"""What the consent page tells of the app: where it sends people, and whether anybody checked it.

Spec: RFC 9700 section 4.11; RFC 8252 section 8.6; RFC 7591 section 5.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from oidc.clients import repository
from oidc.models import OAuthClient
from tests.protocol.registering import initial_access_token, register
from tests.support.doors import Answer, Browser, Send
from tests.support.relying_party import REDIRECT_URI, RelyingParty, sign_in

UNCHECKED = "This app registered itself"


def consent_page(browser: Browser, person: Any, client: RelyingParty) -> Answer:
    sign_in(browser, person)
    page = browser.follow(client.authorize(browser))
    assert 'value="allow"' in page.text
    return page


def destination(page: Answer) -> str:
    text = re.search(r'<p class="destination">(.*?)</p>', page.text, re.DOTALL).group(1)
    return re.sub(r"<[^>]+>", "", text)


@pytest.mark.parametrize(
    ("profile", "redirect_uri", "told"),
    [
        ("web", "https://Client.example:8443/cb?tenant=1", "sent to client.example."),
        ("web", "https://xn--bcher-kva.example/cb", "sent to xn--bcher-kva.example."),
        ("web", "http://localhost:9000/cb", "sent to an app on this device."),
        ("web", "https://localhost/cb", "sent to an app on this device."),
        ("native", "http://127.0.0.1/cb", "sent to an app on this device."),
        ("native", "http://[::1]:5000/cb", "sent to an app on this device."),
        ("native", "com.example.app:/cb", "sent to an app on this device."),
        ("native", "com.example.app://bank.example/cb", "sent to an app on this device."),
    ],
)
def test_it_says_where_people_are_sent(
    send: Send, browser: Browser, alice: object, profile: str, redirect_uri: str, told: str
) -> None:
    client = RelyingParty.register(send, profile, redirect_uris=[redirect_uri])
    client.redirect_uri = redirect_uri
    assert destination(consent_page(browser, alice, client)).endswith(told)


def registered(send: Send, token: str | None = None) -> RelyingParty:
    client = register(send, token, client_name="Notes").json()
    return RelyingParty(send, client["client_id"], client["client_secret"], REDIRECT_URI, "openid")


def test_an_app_that_registered_itself_is_marked(
    send: Send, browser: Browser, alice: object, open_registration: None
) -> None:
    assert UNCHECKED in consent_page(browser, alice, registered(send)).text


def test_an_app_that_somebody_let_in_is_not(
    send: Send, browser: Browser, alice: object, registration: Any
) -> None:
    registration("token")
    client = registered(send, initial_access_token())
    assert UNCHECKED not in consent_page(browser, alice, client).text


def test_an_app_of_the_admin_is_not(browser: Browser, web: RelyingParty, alice: object) -> None:
    assert UNCHECKED not in consent_page(browser, alice, web).text


@pytest.mark.parametrize("name", ["Bank\u200e", "\u3164", "\u202eknaB"])
def test_nobody_registers_a_name_that_is_not_what_it_seems(
    send: Send, open_registration: None, name: str
) -> None:
    answer = register(send, client_name=name)
    assert (answer.status, answer.json()["error"]) == (400, "invalid_client_metadata")


@pytest.mark.parametrize(
    ("stored", "shown"),
    [("Ba\u202enk\u200b", "Bank"), ("\u3164", None), (" \u200e ", None), ("Büro", "Büro")],
)
def test_a_name_from_before_is_shown_without_what_is_refused_now(
    browser: Browser, web: RelyingParty, alice: object, stored: str, shown: str | None
) -> None:
    OAuthClient.objects.filter(client_id=web.client_id).update(client_name=stored)
    repository.cache.forget(web.client_id)
    page = consent_page(browser, alice, web)
    assert f"<h1>Allow {shown or web.client_id} to:</h1>" in page.text
