"""The claims request parameter. OpenID Connect Core 1.0 sections 5.5 and 5.5.1."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.authentication import ACR_MFA, ACR_PASSWORD
from oidc.errors import ProtocolError
from oidc.requests.claims import parse_claims
from tests.support.doors import Browser
from tests.support.relying_party import RelyingParty, new_person, sign_in


def asked(**members: Any) -> str:
    return json.dumps(members)


def tokens_with(web: RelyingParty, person: Any, claims: str, **changes: str) -> dict[str, Any]:
    """Sign in with a claims parameter that the person allowed before."""
    from oidc.requests.consent import remember_consent

    remember_consent(str(person.pk), web.client_id, [], parse_claims(claims).releasable)
    return web.tokens_for(person, claims=claims, **changes)


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
        claims = parse_claims(json.dumps(value))
    except ProtocolError as error:
        assert error.error == "invalid_request"
    else:
        assert claims.as_text() == "" or json.loads(claims.as_text())
