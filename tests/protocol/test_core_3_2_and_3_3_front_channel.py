"""Implicit and hybrid flows. Spec: OpenID Connect Core 1.0 sections 3.2 and 3.3; OAuth 2.0 Multiple
Response Type Encoding Practices.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest

from oidc.clients.profiles import RESPONSE_TYPES
from oidc.stores.redis import grants, sign_ons
from tests.support.doors import Answer, Browser, Send
from tests.support.relying_party import ISSUER, REDIRECT_URI, RelyingParty, new_person, sign_in
from tests.support.tokens import half_hash, verified

WITH_TOKENS = tuple(name for name in RESPONSE_TYPES if name != "code")
WITH_ID_TOKEN = tuple(name for name in RESPONSE_TYPES if "id_token" in name)
WITH_ACCESS_TOKEN = tuple(name for name in RESPONSE_TYPES if " token" in name)
HYBRID = tuple(name for name in WITH_TOKENS if "code" in name)
IMPLICIT = tuple(name for name in WITH_TOKENS if "code" not in name)
SESSION = {"state", "iss", "session_state"}


@pytest.fixture
def client(send: Send) -> RelyingParty:
    """A client that may use every response type, as its profile presets it."""
    return RelyingParty.register(send, "oidc-compat")


@pytest.fixture
def signed_in(browser: Browser, client: RelyingParty, alice: Any) -> Browser:
    sign_in(browser, alice)
    client.consented_by(alice)
    return browser


def ask(browser: Browser, client: RelyingParty, response_type: str, **changes: Any) -> Answer:
    return client.authorize(browser, response_type=response_type, **changes)


def members(answer: Answer) -> dict[str, str]:
    assert answer.location.startswith(f"{REDIRECT_URI}#"), (answer.status, answer.location)
    assert not urlsplit(answer.location).query
    return answer.redirect_members


def posted(answer: Answer) -> dict[str, str]:
    assert answer.status == 200
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', answer.text)
    return {name: unescape(value) for name, value in fields}


# --- What comes back ----------------------------------------------------------------------------


@pytest.mark.parametrize("response_type", WITH_TOKENS)
def test_3_3_2_5_each_type_brings_what_it_names(
    signed_in: Browser, client: RelyingParty, response_type: str
) -> None:
    answer = members(ask(signed_in, client, response_type))
    words = response_type.split()
    expected = set(SESSION)
    expected |= {"code"} if "code" in words else set()
    expected |= {"id_token"} if "id_token" in words else set()
    if "token" in words:
        expected |= {"access_token", "token_type", "expires_in", "scope"}
        assert (answer["token_type"], answer["expires_in"]) == ("Bearer", "900")
    assert answer.keys() == expected
    assert (answer["state"], answer["iss"]) == (client.state, ISSUER)


@pytest.mark.parametrize("response_type", WITH_ID_TOKEN)
def test_3_3_2_11_the_id_token_is_bound_to_what_comes_beside_it(
    send: Send, signed_in: Browser, client: RelyingParty, alice: Any, response_type: str
) -> None:
    answer = members(ask(signed_in, client, response_type))
    claims = verified(send, answer["id_token"], client.client_id)
    assert (claims["sub"], claims["nonce"]) == (str(alice.pk), client.nonce)
    for name, member in (("c_hash", "code"), ("at_hash", "access_token")):
        expected = half_hash("RS256", answer[member]) if member in answer else None
        assert claims.get(name) == expected


@pytest.mark.parametrize("order", ["token id_token code", "id_token code token"])
def test_the_order_of_the_words_does_not_matter(
    signed_in: Browser, client: RelyingParty, order: str
) -> None:
    assert {"code", "id_token", "access_token"} <= members(ask(signed_in, client, order)).keys()


def test_5_4_an_id_token_alone_carries_the_claims_of_the_scope(
    send: Send, signed_in: Browser, client: RelyingParty, alice: Any
) -> None:
    answer = members(ask(signed_in, client, "id_token", scope="openid profile"))
    claims = verified(send, answer["id_token"], client.client_id)
    assert (claims["name"], claims["locale"]) == ("Alice Liddell", "en-GB")
    assert "email" not in claims
    assert not [name for name, value in claims.items() if value in (None, "", {})]


@pytest.mark.parametrize("response_type", [name for name in WITH_ID_TOKEN if " " in name])
def test_5_4_an_id_token_beside_a_token_leaves_them_to_userinfo(
    send: Send, signed_in: Browser, client: RelyingParty, response_type: str
) -> None:
    answer = members(ask(signed_in, client, response_type))
    assert "name" not in verified(send, answer["id_token"], client.client_id)


@pytest.mark.parametrize("response_type", ["id_token", "id_token token"])
def test_11_no_offline_access_without_a_code(
    signed_in: Browser, client: RelyingParty, response_type: str
) -> None:
    answer = members(ask(signed_in, client, response_type))
    assert "offline_access" not in answer.get("scope", "openid")


# --- Access tokens of the front channel ---------------------------------------------------------


@pytest.mark.parametrize("response_type", WITH_ACCESS_TOKEN)
def test_5_3_an_access_token_works_at_once(
    send: Send, signed_in: Browser, client: RelyingParty, alice: Any, response_type: str
) -> None:
    token = members(ask(signed_in, client, response_type))["access_token"]
    userinfo = client.userinfo(token)
    assert userinfo.status == 200
    assert (userinfo.json()["sub"], userinfo.json()["name"]) == (str(alice.pk), "Alice Liddell")
    assert client.introspect(token).json()["active"]
    verified(send, token, ISSUER)


@pytest.mark.parametrize("response_type", WITH_ACCESS_TOKEN)
def test_an_access_token_can_be_revoked(
    signed_in: Browser, client: RelyingParty, response_type: str
) -> None:
    token = members(ask(signed_in, client, response_type))["access_token"]
    assert client.revoke(token).status == 200
    assert client.userinfo(token).status == 401
    assert client.introspect(token).json() == {"active": False}


@pytest.mark.parametrize("response_type", WITH_ACCESS_TOKEN)
def test_an_access_token_ends_with_the_session(
    signed_in: Browser, client: RelyingParty, alice: Any, response_type: str
) -> None:
    """Unless offline access was granted, as with a code."""
    token = members(ask(signed_in, client, response_type, scope="openid"))["access_token"]
    [session] = sign_ons.list_for_user(str(alice.pk))
    assert session.client_ids == (client.client_id,)
    sign_ons.end(str(alice.pk), session.sid)
    assert client.userinfo(token).status == 401


def test_an_id_token_alone_is_noted_in_the_session(
    signed_in: Browser, client: RelyingParty, alice: Any
) -> None:
    """Whoever got an ID token is told of the sign-out."""
    members(ask(signed_in, client, "id_token"))
    [session] = sign_ons.list_for_user(str(alice.pk))
    assert session.client_ids == (client.client_id,)
    assert grants.list_for_user(str(alice.pk)) == []


@pytest.mark.parametrize("response_type", HYBRID)
def test_3_3_3_the_code_brings_the_rest_and_the_same_person(
    send: Send, signed_in: Browser, client: RelyingParty, response_type: str
) -> None:
    answer = members(ask(signed_in, client, response_type))
    tokens = client.redeem(answer["code"]).json()
    later = verified(send, tokens["id_token"], client.client_id)
    if "id_token" in answer:
        earlier = verified(send, answer["id_token"], client.client_id)
        for name in ("iss", "sub", "aud", "auth_time", "nonce"):
            assert earlier[name] == later[name]
    assert later["at_hash"] == half_hash("RS256", tokens["access_token"])
    for token in (tokens["access_token"], answer.get("access_token", tokens["access_token"])):
        assert client.userinfo(token).status == 200
    refreshed = client.refresh(tokens["refresh_token"])
    assert refreshed.status == 200
    if "access_token" in answer:
        assert client.userinfo(answer["access_token"]).status == 200


@pytest.mark.parametrize("response_type", ["code token", "code id_token token"])
def test_rfc6749_4_1_2_a_replayed_code_ends_the_front_channel_token_too(
    signed_in: Browser, client: RelyingParty, response_type: str
) -> None:
    answer = members(ask(signed_in, client, response_type))
    tokens = client.redeem(answer["code"]).json()
    assert client.redeem(answer["code"]).json()["error"] == "invalid_grant"
    for token in (answer["access_token"], tokens["access_token"]):
        assert client.userinfo(token).status == 401
    assert client.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_rfc7636_a_hybrid_request_can_have_a_challenge(
    signed_in: Browser, client: RelyingParty
) -> None:
    code = members(ask(signed_in, client, "code id_token"))["code"]
    assert client.redeem(code, code_verifier=None).json()["error"] == "invalid_grant"
    assert client.redeem(code).status == 200


# --- Response modes -----------------------------------------------------------------------------


@pytest.mark.parametrize("response_type", WITH_TOKENS)
def test_tokens_never_travel_in_a_query(
    signed_in: Browser, client: RelyingParty, response_type: str
) -> None:
    answer = members(ask(signed_in, client, response_type, response_mode="query"))
    assert answer["error"] == "invalid_request"
    assert answer.keys() == {"error", "error_description", "state", "iss"}


@pytest.mark.parametrize("response_type", RESPONSE_TYPES)
def test_form_post_works_with_every_type(
    signed_in: Browser, client: RelyingParty, response_type: str
) -> None:
    answer = posted(ask(signed_in, client, response_type, response_mode="form_post"))
    words = {"token": "access_token"}
    assert {words.get(word, word) for word in response_type.split()} <= answer.keys()
    assert (answer["state"], answer["iss"]) == (client.state, ISSUER)


# --- Errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize("response_type", WITH_ID_TOKEN)
def test_3_2_2_1_nonce_is_required_with_an_id_token(
    signed_in: Browser, client: RelyingParty, response_type: str
) -> None:
    answer = members(ask(signed_in, client, response_type, nonce=None))
    assert (answer["error"], answer["state"]) == ("invalid_request", client.state)


def test_3_3_2_11_nonce_is_not_required_without_one(
    signed_in: Browser, client: RelyingParty
) -> None:
    assert "access_token" in members(ask(signed_in, client, "code token", nonce=None))


@pytest.mark.parametrize("response_type", WITH_ID_TOKEN)
def test_an_id_token_needs_openid(
    signed_in: Browser, client: RelyingParty, response_type: str
) -> None:
    answer = members(ask(signed_in, client, response_type, scope="profile"))
    assert answer["error"] == "invalid_scope"


@pytest.mark.parametrize("response_type", WITH_TOKENS)
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "nonsense"}, "invalid_request"),
        ({"max_age": "x"}, "invalid_request"),
        ({"response_mode": "smoke_signals"}, "invalid_request"),
        ({"scope": "nothing"}, "invalid_scope"),
        ({"id_token_hint": "x"}, "invalid_request"),
    ],
)
def test_3_2_2_6_errors_go_into_the_fragment(
    signed_in: Browser, client: RelyingParty, response_type: str, changes: Any, error: str
) -> None:
    answer = members(ask(signed_in, client, response_type, **changes))
    assert answer.keys() == {"error", "error_description", "state", "iss"}
    assert (answer["error"], answer["state"]) == (error, client.state)


@pytest.mark.parametrize("response_type", ["token", "id_token code code", "id_token none"])
def test_an_unsupported_type_with_tokens_is_told_in_the_fragment(
    signed_in: Browser, client: RelyingParty, response_type: str
) -> None:
    answer = members(ask(signed_in, client, response_type))
    assert answer["error"] == "unsupported_response_type"


@pytest.mark.parametrize("response_type", WITH_TOKENS)
def test_other_profiles_get_no_tokens_through_the_browser(
    send: Send, browser: Browser, web: RelyingParty, alice: Any, response_type: str
) -> None:
    """OAuth 2.1 section 10.1; RFC 9700 section 2.1.2."""
    sign_in(browser, alice)
    web.consented_by(alice)
    assert members(ask(browser, web, response_type))["error"] == "unauthorized_client"


def test_a_registered_type_is_all_that_a_client_gets(
    send: Send, browser: Browser, alice: Any
) -> None:
    client = RelyingParty.register(send, "oidc-compat", response_types=["id_token token"])
    sign_in(browser, alice)
    client.consented_by(alice)
    assert "access_token" in members(ask(browser, client, "token id_token"))
    assert members(ask(browser, client, "id_token"))["error"] == "unauthorized_client"
    assert client.authorize(browser).redirect_members["error"] == "unauthorized_client"
    refused = client.redeem("x")
    assert refused.json()["error"] == "unauthorized_client"


@pytest.mark.parametrize("response_type", WITH_TOKENS)
def test_3_1_2_1_prompt_none_without_a_session(
    browser: Browser, client: RelyingParty, response_type: str
) -> None:
    answer = members(ask(browser, client, response_type, prompt="none"))
    assert answer["error"] == "login_required"


@pytest.mark.parametrize("response_type", WITH_TOKENS)
def test_3_1_2_1_prompt_none_with_a_session_is_silent(
    signed_in: Browser, client: RelyingParty, response_type: str
) -> None:
    assert "error" not in members(ask(signed_in, client, response_type, prompt="none"))


# --- Through the pages --------------------------------------------------------------------------


@pytest.mark.parametrize("response_type", IMPLICIT + HYBRID)
@pytest.mark.parametrize("decision", ["allow", "deny"])
def test_3_1_2_4_consent_leads_to_the_fragment(
    browser: Browser, client: RelyingParty, response_type: str, decision: str
) -> None:
    sign_in(browser, new_person())
    waiting = ask(browser, client, response_type)
    page = browser.follow(waiting)
    assert page.status == 200
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert token is not None
    form = {"decision": decision, "csrfmiddlewaretoken": token[1]}
    answer = members(browser.post(waiting.location, form))
    if decision == "deny":
        assert answer.keys() == {"error", "error_description", "state", "iss"}
        assert answer["error"] == "access_denied"
    else:
        words = {"token": "access_token"}
        assert {words.get(word, word) for word in response_type.split()} <= answer.keys()


@pytest.mark.parametrize("response_type", IMPLICIT)
def test_a_public_client_needs_no_pkce_without_a_code(
    send: Send, browser: Browser, alice: Any, response_type: str
) -> None:
    client = RelyingParty.register(
        send,
        "oidc-compat",
        token_endpoint_auth_method="none",
        response_types=["id_token", "id_token token"],
    )
    sign_in(browser, alice)
    client.consented_by(alice)
    without = {"code_challenge": None, "code_challenge_method": None}
    assert "id_token" in members(ask(browser, client, response_type, **without))
