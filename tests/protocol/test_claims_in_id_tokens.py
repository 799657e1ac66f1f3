"""`id_token_claims`: for clients that read nothing but ID tokens. Core sections 5.4 and 3.3.3.6."""

from __future__ import annotations

from typing import Any

import pytest

from oidc.clients.service import update_client
from oidc.models import OAuthClient
from oidc.tokens import claims as claims_module
from tests.support.doors import Browser, Send
from tests.support.relying_party import RelyingParty, sign_in
from tests.support.tokens import verified

PROFILE = {"name", "given_name", "preferred_username", "updated_at"}
EMAIL = {"email", "email_verified"}


@pytest.fixture
def reader(send: Send) -> RelyingParty:
    return RelyingParty.register(send, id_token_claims=True)


def identity_of(client: RelyingParty, tokens: dict[str, Any]) -> dict[str, Any]:
    return verified(client.send, tokens["id_token"], client.client_id)


def test_5_4_it_is_off_by_default(web: RelyingParty, alice: Any) -> None:
    assert not (PROFILE | EMAIL) & identity_of(web, web.tokens_for(alice)).keys()


def test_claims_of_the_granted_scopes_are_in_the_id_token(reader: RelyingParty, alice: Any) -> None:
    tokens = reader.tokens_for(alice)
    identity = identity_of(reader, tokens)
    assert (identity["name"], identity["email"]) == ("Alice Liddell", alice.email)
    told = reader.userinfo(tokens["access_token"]).json()
    assert {name: identity[name] for name in told} == told, "the same as userinfo has"
    only_email = identity_of(reader, reader.tokens_for(alice, scope="openid email"))
    assert only_email.keys() >= EMAIL
    assert not PROFILE & only_email.keys()


def test_12_2_a_refreshed_id_token_has_them_too(reader: RelyingParty, alice: Any) -> None:
    tokens = reader.tokens_for(alice)
    refreshed = reader.refresh(tokens["refresh_token"]).json()
    assert identity_of(reader, refreshed)["name"] == "Alice Liddell"
    narrowed = reader.refresh(refreshed["refresh_token"], scope="openid email").json()
    assert not PROFILE & identity_of(reader, narrowed).keys()


def test_a_scope_taken_away_from_the_client_takes_its_claims(
    reader: RelyingParty, alice: Any
) -> None:
    tokens = reader.tokens_for(alice)
    row = OAuthClient.objects.get(client_id=reader.client_id)
    update_client(row, {"scope": "openid email offline_access"})
    identity = identity_of(reader, reader.refresh(tokens["refresh_token"]).json())
    assert identity.keys() >= EMAIL
    assert not PROFILE & identity.keys()


def test_a_new_scope_brings_its_claims_along(
    reader: RelyingParty, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever scope of people is added, `groups` for one, nothing here has to know of it."""
    monkeypatch.setitem(claims_module.SCOPE_CLAIMS, "nick", ("preferred_username",))
    row = OAuthClient.objects.get(client_id=reader.client_id)
    update_client(row, {"scope": "openid nick"})
    identity = identity_of(reader, reader.tokens_for(alice, scope="openid nick"))
    assert identity["preferred_username"] == alice.username


@pytest.mark.parametrize(
    ("response_type", "has_them"),
    [("id_token", True), ("id_token token", True), ("code id_token", False)],
)
def test_3_3_3_6_with_a_code_they_do_not_go_through_the_browser(
    browser: Browser, alice: Any, response_type: str, has_them: bool
) -> None:
    client = RelyingParty.register(browser.send, "oidc-compat", id_token_claims=True)
    sign_in(browser, alice)
    client.consented_by(alice)
    answer = client.authorize(browser, response_type=response_type).redirect_members
    assert (identity_of(client, answer).keys() >= EMAIL) is has_them
    if "code" in answer:
        assert identity_of(client, client.redeem(answer["code"]).json()).keys() >= EMAIL
