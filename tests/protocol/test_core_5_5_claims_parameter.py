"""The claims request parameter. OpenID Connect Core 1.0 sections 5.5 and 5.5.1."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.authentication import ACR_MFA, ACR_PASSWORD
from oidc.clients.service import update_client
from oidc.errors import ProtocolError
from oidc.models.client import OAuthClient
from oidc.requests.claims import parse_claims
from oidc.requests.consent import remember_consent
from oidc.tokens.claims import SCOPES_SUPPORTED, releasable_claims
from tests.protocol.test_interaction_pages import csrf
from tests.support.doors import Browser
from tests.support.relying_party import RelyingParty, new_person, sign_in


def asked(**members: Any) -> str:
    return json.dumps(members)


def tokens_with(web: RelyingParty, person: Any, claims: str, **changes: str) -> dict[str, Any]:
    """Sign in with a claims parameter that the person allowed before."""
    remember(person, web, claims)
    return web.tokens_for(person, claims=claims, **changes)


def remember(person: Any, web: RelyingParty, claims: str) -> None:
    allowed = releasable_claims(SCOPES_SUPPORTED)
    remember_consent(str(person.pk), web.client_id, [], parse_claims(claims, allowed).releasable)


def unverified(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def test_5_5_essential_name_for_userinfo_appears_there_only(web: RelyingParty, alice: Any) -> None:
    claims = asked(userinfo={"name": {"essential": True}})
    tokens = tokens_with(web, alice, claims, scope="openid")
    assert web.userinfo(tokens["access_token"]).json() == {
        "sub": str(alice.pk),
        "name": "Alice Liddell",
    }
    assert "name" not in unverified(tokens["id_token"])


def test_5_5_claims_for_the_id_token_appear_there_only(web: RelyingParty, alice: Any) -> None:
    claims = asked(id_token={"email": None, "given_name": {"essential": True}})
    tokens = tokens_with(web, alice, claims, scope="openid")
    identity = unverified(tokens["id_token"])
    assert identity["email"] == alice.email
    assert identity["given_name"] == "Alice"
    assert web.userinfo(tokens["access_token"]).json() == {"sub": str(alice.pk)}


def test_12_2_requested_claims_survive_a_refresh(web: RelyingParty, alice: Any) -> None:
    claims = asked(userinfo={"name": None}, id_token={"given_name": None})
    tokens = tokens_with(web, alice, claims, scope="openid offline_access")
    refreshed = web.refresh(tokens["refresh_token"]).json()
    assert unverified(refreshed["id_token"])["given_name"] == "Alice"
    assert web.userinfo(refreshed["access_token"]).json()["name"] == "Alice Liddell"


def test_5_5_claims_without_value_and_unknown_ones_are_left_out(
    web: RelyingParty, alice: Any
) -> None:
    claims = asked(
        userinfo={"website": {"essential": True}, "shoe_size": None, "sub": None},
        id_token={"iss": None, "https://example.com/x": {"values": [1, 2]}},
        other={"name": None},
    )
    tokens = tokens_with(web, alice, claims, scope="openid")
    assert web.userinfo(tokens["access_token"]).json() == {"sub": str(alice.pk)}


@pytest.mark.parametrize(
    "claims",
    [
        "x",
        "[]",
        "null",
        '"name"',
        asked(userinfo=[]),
        asked(userinfo={"name": "x"}),
        asked(id_token={"name": {"essential": "yes"}}),
        asked(id_token={"name": {"values": "x"}}),
        "[" * 5000,
        '{"userinfo":{"a":' * 2000,
    ],
    ids=["text", "list", "null", "string", "member", "claim", "essential", "values", "deep", "cut"],
)
def test_5_5_malformed_is_invalid_request(
    web: RelyingParty, browser: Browser, alice: Any, claims: str
) -> None:
    sign_in(browser, alice)
    answer = web.authorize(browser, claims=claims)
    if answer.status != 414:
        assert answer.redirect_members["error"] == "invalid_request"


def test_consent_is_asked_for_claims_not_allowed_before(
    web: RelyingParty, browser: Browser, alice: Any
) -> None:
    sign_in(browser, alice)
    web.consented_by(alice, "openid")
    claims = asked(userinfo={"phone_number": None})
    refused = web.authorize(browser, scope="openid", claims=claims, prompt="none")
    assert refused.redirect_members["error"] == "consent_required"
    page = browser.follow(web.authorize(browser, scope="openid", claims=claims))
    assert "your phone number" in page.text


def test_a_scope_that_was_allowed_covers_its_claims(
    web: RelyingParty, browser: Browser, alice: Any
) -> None:
    sign_in(browser, alice)
    web.consented_by(alice)
    claims = asked(id_token={"name": None, "email": None})
    assert "code" in web.authorize(browser, claims=claims, prompt="none").redirect_members


ALL_THREE = asked(
    userinfo={"phone_number": {"essential": True}, "name": None},
    id_token={"phone_number": None, "email": None},
)


def test_5_5_claims_outside_the_clients_scope_are_neither_asked_for_nor_delivered(
    web: RelyingParty, browser: Browser
) -> None:
    """The client may have `profile` and `email`, and never registered `phone`."""
    person = new_person(name="Pat", phone_number="+49301234567")
    restrict(web, "openid profile email offline_access")
    sign_in(browser, person)
    started = web.authorize(browser, scope="openid", claims=ALL_THREE)
    page = browser.follow(started)
    assert "See your name" in page.text
    assert "phone" not in page.text
    back = browser.post(started.location, csrf(page) | {"decision": "allow"})
    tokens = web.redeem(back.redirect_members["code"]).json()
    assert set(web.userinfo(tokens["access_token"]).json()) == {"sub", "name"}
    identity = unverified(tokens["id_token"])
    assert identity["email"] == person.email
    assert "phone_number" not in identity


def test_5_5_claims_of_the_whole_answer_stay_in_the_clients_scope(browser: Browser) -> None:
    person = new_person(name="Pat", phone_number="+49301234567")
    client = RelyingParty.register(browser.send, "oidc-compat", scope="openid profile")
    sign_in(browser, person)
    client.consented_by(person, "openid profile")
    answer = client.authorize(
        browser, response_type="id_token", scope="openid profile", claims=ALL_THREE
    )
    identity = unverified(answer.redirect_members["id_token"])
    assert identity["name"] == "Pat"
    assert not {"phone_number", "email"} & identity.keys()


def test_5_5_taking_a_scope_away_stops_the_delivery_at_once(web: RelyingParty) -> None:
    person = new_person(name="Pat", phone_number="+49301234567")
    tokens = tokens_with(web, person, ALL_THREE, scope="openid offline_access")
    assert set(web.userinfo(tokens["access_token"]).json()) == {"sub", "name", "phone_number"}
    assert "phone_number" in unverified(tokens["id_token"])

    restrict(web, "openid profile offline_access")
    assert set(web.userinfo(tokens["access_token"]).json()) == {"sub", "name"}
    refreshed = web.refresh(tokens["refresh_token"]).json()
    assert not {"phone_number", "email"} & unverified(refreshed["id_token"]).keys()
    assert set(web.userinfo(refreshed["access_token"]).json()) == {"sub", "name"}


def test_5_5_between_code_and_redemption_counts_too(web: RelyingParty) -> None:
    person = new_person(phone_number="+49301234567")
    remember(person, web, ALL_THREE)
    code = web.code_for(person, scope="openid", claims=ALL_THREE)
    restrict(web, "openid")
    assert not {"phone_number", "email"} & unverified(web.redeem(code).json()["id_token"]).keys()


def test_userinfo_needs_a_client_that_may_still_have_openid(web: RelyingParty, alice: Any) -> None:
    tokens = web.tokens_for(alice)
    restrict(web, "profile email")
    refused = web.userinfo(tokens["access_token"])
    assert refused.status == 403
    assert "insufficient_scope" in refused.header("WWW-Authenticate")


def test_5_5_claims_without_openid_are_not_asked_for(
    web: RelyingParty, browser: Browser, alice: Any
) -> None:
    """Neither an ID token nor userinfo would deliver them."""
    restrict(web, "openid profile email api.read")
    sign_in(browser, alice)
    page = browser.follow(web.authorize(browser, scope="api.read", nonce=None, claims=ALL_THREE))
    assert "api.read" in page.text
    assert "See your name" not in page.text


def restrict(web: RelyingParty, scope: str) -> None:
    """Give the client another scope, as an admin does."""
    update_client(OAuthClient.objects.get(client_id=web.client_id), {"scope": scope})


def test_5_5_1_sub_with_the_value_of_another_person(
    web: RelyingParty, browser: Browser, alice: Any
) -> None:
    sign_in(browser, alice)
    web.consented_by(alice)
    own = asked(id_token={"sub": {"value": str(alice.pk)}})
    assert "code" in web.authorize(browser, claims=own, prompt="none").redirect_members
    other = asked(id_token={"sub": {"value": str(new_person().pk)}})
    refused = web.authorize(browser, claims=other, prompt="none")
    assert refused.redirect_members["error"] == "login_required"
    both = asked(id_token={"sub": {"values": [str(alice.pk), "another"]}})
    assert web.authorize(browser, claims=both).redirect_members["error"] == "invalid_request"


def test_5_5_1_1_essential_acr(web: RelyingParty, browser: Browser, alice: Any) -> None:
    sign_in(browser, alice)
    web.consented_by(alice)
    met = asked(id_token={"acr": {"essential": True, "values": [ACR_MFA, ACR_PASSWORD]}})
    assert "code" in web.authorize(browser, claims=met).redirect_members
    unmet = asked(id_token={"acr": {"essential": True, "value": ACR_MFA}})
    refused = web.authorize(browser, claims=unmet)
    assert refused.redirect_members["error"] == "unmet_authentication_requirements"
    voluntary = asked(id_token={"acr": {"value": ACR_MFA}})
    assert "code" in web.authorize(browser, claims=voluntary).redirect_members


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["userinfo", "id_token", "sub", "acr", "name", "essential",
                                       "value", "values"]), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(json_values)
def test_any_json_is_parsed_or_refused(value: Any) -> None:
    try:
        claims = parse_claims(json.dumps(value), releasable_claims(SCOPES_SUPPORTED))
    except ProtocolError as error:
        assert error.error == "invalid_request"
    else:
        assert claims.as_text() == "" or json.loads(claims.as_text())
