"""UserInfo (Core 5.3, RFC 6750), introspection (RFC 7662), revocation (RFC 7009)."""

from __future__ import annotations

from typing import Any

import pytest

import accounts.claims
from tests.protocol.test_store_unavailable import database_away
from tests.support.doors import FORM, Send
from tests.support.relying_party import ISSUER, RelyingParty, new_person

ALL_CLAIMS = {
    "name": "Alice Liddell",
    "given_name": "Alice",
    "family_name": "Liddell",
    "middle_name": "Pleasance",
    "nickname": "Al",
    "preferred_username": "alice",
    "profile": "https://alice.example/",
    "picture": "https://alice.example/me.png",
    "website": "https://alice.example/blog",
    "gender": "female",
    "birthdate": "1852-05-04",
    "zoneinfo": "Europe/London",
    "locale": "en-GB",
    "phone_number": "+441865000000",
    "phone_number_verified": True,
    "email_verified": True,
    "address": {"formatted": "Christ Church, Oxford", "country": "GB"},
}
EVERYTHING = "openid profile email phone address"


def test_5_4_every_claim_of_every_scope(web: RelyingParty) -> None:
    person = new_person(**ALL_CLAIMS)
    tokens = web.tokens_for(person, scope=EVERYTHING)
    person_consented = web.userinfo(tokens["access_token"])
    claims = person_consented.json()
    assert person_consented.status == 200
    assert person_consented.header("Cache-Control") == "no-store"
    assert claims.pop("sub") == str(person.pk)
    assert claims.pop("email") == person.email
    assert isinstance(claims.pop("updated_at"), int)
    assert claims == ALL_CLAIMS


def test_5_3_2_claims_without_value_or_scope_are_left_out(web: RelyingParty) -> None:
    tokens = web.tokens_for(new_person(), scope="openid email")
    claims = web.userinfo(tokens["access_token"]).json()
    assert set(claims) == {"sub", "email", "email_verified"}


def test_5_3_1_post_with_header_and_post_with_form(
    send: Send, web: RelyingParty, alice: object
) -> None:
    token = web.tokens_for(alice)["access_token"]
    header = {"Authorization": f"Bearer {token}"}
    assert send("POST", "/oauth2/userinfo", "", b"", header).status == 200
    form = f"access_token={token}".encode()
    posted = send("POST", "/oauth2/userinfo", "", form, {"Content-Type": FORM})
    assert posted.json()["sub"] == str(alice.pk)
    both = send("POST", "/oauth2/userinfo", "", form, {"Content-Type": FORM, **header})
    assert (both.status, both.json()["error"]) == (400, "invalid_request")


def test_rfc6750_2_3_a_token_in_the_query_does_not_count(
    send: Send, web: RelyingParty, alice: object
) -> None:
    token = web.tokens_for(alice)["access_token"]
    refused = send("GET", "/oauth2/userinfo", f"access_token={token}", b"", {})
    assert (refused.status, refused.json()["error"]) == (400, "invalid_request")


def test_rfc6750_3_1_challenges(send: Send, web: RelyingParty, machine: RelyingParty) -> None:
    none = send("GET", "/oauth2/userinfo", "", b"", {})
    assert (none.status, none.header("WWW-Authenticate")) == (401, 'Bearer realm="gatehouse"')
    bad = web.userinfo("x.y.z")
    assert bad.status == 401
    assert 'error="invalid_token"' in bad.header("WWW-Authenticate")
    token = machine.token({"grant_type": "client_credentials"}).json()["access_token"]
    machines = web.userinfo(token)
    assert machines.status == 403
    assert 'error="insufficient_scope"' in machines.header("WWW-Authenticate")
    assert 'scope="openid"' in machines.header("WWW-Authenticate")


def test_an_id_token_is_no_access_token(web: RelyingParty, alice: object) -> None:
    assert web.userinfo(web.tokens_for(alice)["id_token"]).status == 401


def test_userinfo_refuses_a_disabled_person(web: RelyingParty, alice: object) -> None:
    token = web.tokens_for(alice)["access_token"]
    alice.is_active = False
    alice.save()
    assert web.userinfo(token).status == 401


# --- introspection ----------------------------------------------------------------------------


def test_rfc7662_2_2_active_access_token(web: RelyingParty, alice: object) -> None:
    tokens = web.tokens_for(alice)
    answer = web.introspect(tokens["access_token"])
    members = answer.json()
    assert answer.header("Cache-Control") == "no-store"
    assert members["active"] is True
    assert members["sub"] == str(alice.pk)
    assert members["client_id"] == web.client_id
    assert members["iss"] == members["aud"] == ISSUER
    assert {"exp", "iat", "jti", "scope", "token_type"} <= members.keys()


def test_rfc7662_active_refresh_and_machine_token(
    web: RelyingParty, machine: RelyingParty, alice: object
) -> None:
    refresh_token = web.tokens_for(alice)["refresh_token"]
    assert web.introspect(refresh_token, token_type_hint="access_token").json()["active"]
    own = machine.token({"grant_type": "client_credentials"}).json()["access_token"]
    assert machine.introspect(own).json()["sub"] == machine.client_id
    machine.revoke(own)
    assert machine.introspect(own).json() == {"active": False}


@pytest.mark.parametrize("token", ["x", "x.y.z", "A" * 54, "é", "." * 500])
def test_rfc7662_2_2_anything_else_is_just_inactive(web: RelyingParty, token: str) -> None:
    answer = web.introspect(token)
    assert (answer.status, answer.json()) == (200, {"active": False})


def test_rfc7662_2_2_not_valid_for_another_caller(
    send: Send, web: RelyingParty, alice: object
) -> None:
    tokens = web.tokens_for(alice)
    stranger = RelyingParty.register(send, "machine", scope="api")
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert stranger.introspect(token).json() == {"active": False}
    api = RelyingParty.register(send, "machine", scope="api", introspection_audience=[ISSUER])
    assert api.introspect(tokens["access_token"]).json()["active"]


def test_rfc7662_2_2_username_of_a_persons_tokens(
    send: Send, web: RelyingParty, machine: RelyingParty, alice: Any
) -> None:
    tokens = web.tokens_for(alice)
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert web.introspect(token).json()["username"] == alice.username
    own = machine.token({"grant_type": "client_credentials"}).json()["access_token"]
    assert "username" not in machine.introspect(own).json()


def test_rfc7662_5_an_app_learns_no_username_without_the_profile(
    send: Send, web: RelyingParty, alice: Any
) -> None:
    """An API does: it serves that person."""
    api = RelyingParty.register(send, "machine", scope="api", introspection_audience=[ISSUER])
    tokens = web.tokens_for(alice, scope="openid email offline_access")
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert "username" not in web.introspect(token).json()
    assert api.introspect(tokens["access_token"]).json()["username"] == alice.username


def test_core_8_no_username_undoes_a_pseudonym(send: Send, alice: Any) -> None:
    api = RelyingParty.register(send, "machine", scope="api", introspection_audience=[ISSUER])
    client = RelyingParty.register(send, subject_type="pairwise")
    token = client.tokens_for(alice, scope="openid email")["access_token"]
    for caller in (client, api):
        assert "username" not in caller.introspect(token).json()
    allowed = client.tokens_for(alice)["access_token"]
    assert client.introspect(allowed).json()["username"] == alice.username


def test_the_username_is_left_out_while_the_database_is_away(web: RelyingParty, alice: Any) -> None:
    token = web.tokens_for(alice)["access_token"]
    assert web.introspect(token).json()["username"] == alice.username
    accounts.claims._memory.clear()
    with database_away():
        told = web.introspect(token)
        assert (told.status, told.json()["active"]) == (200, True)
        assert "username" not in told.json()


def test_rfc7662_2_1_callers_authenticate(send: Send, spa: RelyingParty) -> None:
    assert spa.introspect("x").status == 401
    anonymous = send("POST", "/oauth2/introspect", "", b"token=x", {"Content-Type": FORM})
    assert anonymous.status == 401


def test_signed_out_tokens_are_inactive_at_once(web: RelyingParty, alice: object) -> None:
    from oidc.stores.redis import sign_ons

    tokens = web.tokens_for(alice)
    sign_ons.end_all(str(alice.pk))
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert web.introspect(token).json() == {"active": False}


# --- revocation -------------------------------------------------------------------------------


def test_rfc7009_2_1_access_token_alone(web: RelyingParty, alice: object) -> None:
    tokens = web.tokens_for(alice)
    answer = web.revoke(tokens["access_token"], token_type_hint="refresh_token")
    assert (answer.status, answer.body) == (200, b"")
    assert web.userinfo(tokens["access_token"]).status == 401
    assert web.introspect(tokens["access_token"]).json() == {"active": False}
    assert web.refresh(tokens["refresh_token"]).status == 200


def test_rfc7009_2_1_refresh_token_ends_the_family(web: RelyingParty, alice: object) -> None:
    tokens = web.tokens_for(alice)
    assert web.revoke(tokens["refresh_token"], token_type_hint="unheard of").status == 200
    assert web.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert web.userinfo(tokens["access_token"]).status == 401


@pytest.mark.parametrize("token", ["x", "x.y.z", "A" * 54])
def test_rfc7009_2_2_unknown_tokens_are_200(web: RelyingParty, token: str) -> None:
    assert web.revoke(token).status == 200


def test_rfc7009_2_1_only_the_clients_own_tokens(
    send: Send, web: RelyingParty, alice: object
) -> None:
    tokens = web.tokens_for(alice)
    stranger = RelyingParty.register(send)
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert stranger.revoke(token).status == 200
        assert web.introspect(token).json()["active"]


def test_rfc7009_public_clients_revoke_too(spa: RelyingParty, alice: object) -> None:
    tokens = spa.tokens_for(alice)
    assert spa.revoke(tokens["refresh_token"]).status == 200
    assert spa.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_revocation_and_introspection_need_a_token(web: RelyingParty) -> None:
    for path in ("/oauth2/revoke", "/oauth2/introspect"):
        assert web.post(path, {}).json()["error"] == "invalid_request"
