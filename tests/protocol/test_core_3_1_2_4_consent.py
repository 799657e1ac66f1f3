"""Consent cannot be walked around. OpenID Connect Core 1.0 section 3.1.2.4; RFC 6749 section 10."""

from __future__ import annotations

import pytest

from oidc.clients.repository import cache
from oidc.clients.service import update_client
from oidc.models import Consent, OAuthClient
from tests.protocol.test_interaction_pages import decide
from tests.support.doors import Browser
from tests.support.relying_party import REDIRECT_URI, RelyingParty, sign_in


def test_a_request_without_scope_asks_too(
    browser: Browser, web: RelyingParty, alice: object
) -> None:
    sign_in(browser, alice)
    silent = web.authorize(browser, scope=None, prompt="none")
    assert silent.redirect_members["error"] == "consent_required"
    answer = web.authorize(browser, scope=None)
    page = browser.follow(answer)
    assert 'value="allow"' in page.text
    assert "code" in decide(browser, answer.location, page, "allow").redirect_members
    assert "code" in web.authorize(browser, scope=None, prompt="none").redirect_members


def test_a_denied_request_without_scope_is_asked_again(
    browser: Browser, web: RelyingParty, alice: object
) -> None:
    sign_in(browser, alice)
    answer = web.authorize(browser, scope=None)
    decide(browser, answer.location, browser.follow(answer), "deny")
    silent = web.authorize(browser, scope=None, prompt="none")
    assert silent.redirect_members["error"] == "consent_required"


def silent_error(party: RelyingParty, browser: Browser) -> str | None:
    return party.authorize(browser, prompt="none").redirect_members.get("error")


def change(party: RelyingParty, **changes: object) -> None:
    """Change a client as an admin does."""
    update_client(OAuthClient.objects.get(client_id=party.client_id), changes)


@pytest.mark.parametrize(
    ("changes", "ended"),
    [
        ({"client_name": "Another"}, True),
        ({"redirect_uris": [REDIRECT_URI, "https://elsewhere.example/cb"]}, True),
        ({"redirect_uris": [REDIRECT_URI, "https://client.example:8443/cb"]}, True),
        ({"redirect_uris": [REDIRECT_URI, "https://client.example/cb2"]}, False),
        ({"tos_uri": "https://client.example/terms", "default_max_age": 3600}, False),
    ],
    ids=str,
)
def test_a_remembered_consent_ends_with_name_and_destination(
    browser: Browser, web: RelyingParty, alice: object, changes: dict[str, object], ended: bool
) -> None:
    sign_in(browser, alice)
    web.consented_by(alice)
    assert silent_error(web, browser) is None
    change(web, **changes)
    assert silent_error(web, browser) == ("consent_required" if ended else None)


def test_consents_to_other_clients_stay(
    browser: Browser, web: RelyingParty, spa: RelyingParty, alice: object
) -> None:
    sign_in(browser, alice)
    for party in (web, spa):
        party.consented_by(alice)
    change(web, client_name="Another")
    assert silent_error(spa, browser) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"client_name": "Another"},
        {"redirect_uris": [REDIRECT_URI, "https://elsewhere.example/cb"]},
    ],
)
def test_a_click_on_a_page_from_before_the_change_is_no_consent(
    browser: Browser, web: RelyingParty, alice: object, changes: dict[str, object]
) -> None:
    """Another process changed the client; this one has the former record for some seconds more."""
    sign_in(browser, alice)
    answer = web.authorize(browser)
    page = browser.follow(answer)
    # Without signals, as a change in another process is.
    OAuthClient.objects.filter(client_id=web.client_id).update(**changes)
    again = decide(browser, answer.location, page, "allow")
    assert not again.redirect_members
    assert not Consent.objects.exists()
    assert cache.find(web.client_id) is None
    page = browser.follow(again)
    assert 'value="allow"' in page.text
    assert changes.get("client_name", "") in page.text
    assert "code" in decide(browser, answer.location, page, "allow").redirect_members
    assert Consent.objects.exists()
