"""The token endpoint. RFC 6749 sections 2.3, 3.2, 4.1.3, 4.4, 5, 6; OAuth 2.1."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.support.doors import FORM, Browser, Send
from tests.support.relying_party import RelyingParty, basic, sign_in


def test_4_1_3_code_and_verifier_give_tokens(web: RelyingParty, alice: object) -> None:
    answer = web.redeem(web.code_for(alice))
    tokens = answer.json()
    assert answer.status == 200
    assert answer.header("Cache-Control") == "no-store"
    assert tokens["token_type"] == "Bearer"
    assert tokens["scope"] == web.scope
    assert tokens["expires_in"] == 900
    assert set(tokens) == {
        "access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token",
    }  # fmt: skip


def test_4_1_3_second_redemption_revokes_everything(web: RelyingParty, alice: object) -> None:
    code = web.code_for(alice)
    tokens = web.redeem(code).json()
    assert web.userinfo(tokens["access_token"]).status == 200
    assert web.redeem(code).json()["error"] == "invalid_grant"
    assert web.userinfo(tokens["access_token"]).status == 401
    assert web.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "change",
    [
        {"code_verifier": "x" * 43},
        {"code_verifier": None},
        {"code_verifier": "too short"},
        {"redirect_uri": "https://client.example/cb/"},
    ],
    ids=["wrong verifier", "no verifier", "malformed verifier", "other redirect_uri"],
)
def test_4_1_3_wrong_binding_is_invalid_grant_and_consumes_nothing(
    web: RelyingParty, alice: object, change: dict[str, str | None]
) -> None:
    code = web.code_for(alice)
    refused = web.redeem(code, **change)
    assert (refused.status, refused.json()["error"]) == (400, "invalid_grant")
    assert web.redeem(code).status == 200


def test_oauth21_10_2_with_pkce_redirect_uri_may_be_left_out(
    web: RelyingParty, spa: RelyingParty, alice: object
) -> None:
    for client in (web, spa):
        code = client.code_for(alice)
        forged = client.redeem(code, redirect_uri=None, code_verifier="x" * 43)
        assert forged.json()["error"] == "invalid_grant"
        nothing = client.redeem(code, redirect_uri=None, code_verifier=None)
        assert nothing.json()["error"] == "invalid_grant"
        assert client.redeem(code, redirect_uri=None).status == 200


def test_4_1_3_without_pkce_redirect_uri_is_required_if_it_was_sent(
    send: Send, alice: object
) -> None:
    compat = RelyingParty.register(send, "oidc-compat")
    code = compat.code_for(alice, code_challenge=None, code_challenge_method=None)
    refused = compat.redeem(code, redirect_uri=None, code_verifier=None)
    assert (refused.status, refused.json()["error"]) == (400, "invalid_request")
    assert "redirect_uri" in refused.json()["error_description"]
    other = compat.redeem(code, redirect_uri="https://client.example/", code_verifier=None)
    assert other.json()["error"] == "invalid_grant"
    assert compat.redeem(code, code_verifier=None).status == 200


@pytest.mark.parametrize("redirect_uri", [None, "the registered one"])
def test_4_1_3_redirect_uri_may_be_left_out_where_it_was_left_out_before(
    send: Send, alice: object, redirect_uri: str | None
) -> None:
    compat = RelyingParty.register(send, "oidc-compat", scope="api")
    code = compat.code_for(
        alice, scope="api", redirect_uri=None, code_challenge=None, code_challenge_method=None
    )
    other = compat.redeem(code, redirect_uri="https://client.example/", code_verifier=None)
    assert other.json()["error"] == "invalid_grant"
    if redirect_uri is not None:
        redirect_uri = compat.redirect_uri
    assert compat.redeem(code, redirect_uri=redirect_uri, code_verifier=None).status == 200


def test_4_1_3_another_clients_code_is_invalid_grant(
    send: Send, web: RelyingParty, alice: object
) -> None:
    code = web.code_for(alice)
    other = RelyingParty.register(send)
    assert other.redeem(code, code_verifier=web.verifier).json()["error"] == "invalid_grant"
    assert web.redeem(code).status == 200


@pytest.mark.parametrize("code", ["x", "A" * 27, "é", "A" * 5000, "a.b.c"])
def test_4_1_3_unknown_code_is_invalid_grant(web: RelyingParty, code: str) -> None:
    answer = web.redeem(code)
    assert (answer.status, answer.json()["error"]) == (400, "invalid_grant")


def test_oauth21_verifier_without_challenge_is_refused(send: Send, alice: object) -> None:
    compat = RelyingParty.register(send, "oidc-compat")
    code = compat.code_for(alice, code_challenge=None, code_challenge_method=None)
    assert compat.redeem(code).json()["error"] == "invalid_grant"
    assert compat.redeem(code, code_verifier=None).status == 200


def test_6_refresh_rotates(web: RelyingParty, alice: object) -> None:
    first = web.tokens_for(alice)
    second = web.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert web.userinfo(second["access_token"]).status == 200


def test_6_predecessor_within_grace_gets_the_same_successor(
    web: RelyingParty, alice: object
) -> None:
    first = web.tokens_for(alice)
    once = web.refresh(first["refresh_token"]).json()
    again = web.refresh(first["refresh_token"]).json()
    assert once["refresh_token"] == again["refresh_token"]


@pytest.fixture
def no_grace(settings: Any) -> None:
    """As after the grace: a predecessor is good while nobody has used its successor."""
    settings.GATEHOUSE = settings.GATEHOUSE | {"refresh_token_grace_seconds": 0}


@pytest.mark.usefixtures("no_grace")
def test_6_a_lost_answer_is_given_again_while_nobody_has_used_it(
    web: RelyingParty, alice: object
) -> None:
    first = web.tokens_for(alice)
    lost = web.refresh(first["refresh_token"]).json()
    for _ in range(2):
        again = web.refresh(first["refresh_token"])
        assert again.status == 200
        assert again.json()["refresh_token"] == lost["refresh_token"]
    assert web.refresh(lost["refresh_token"]).status == 200


@pytest.mark.usefixtures("no_grace")
@pytest.mark.parametrize("use", ["refresh", "userinfo", "introspect"])
def test_6_a_predecessor_is_reuse_once_its_successor_was_used(
    web: RelyingParty, alice: object, use: str
) -> None:
    first = web.tokens_for(alice)
    second = web.refresh(first["refresh_token"]).json()
    token = second["refresh_token"] if use == "refresh" else second["access_token"]
    assert getattr(web, use)(token).status == 200
    tried = time.monotonic() + 5
    while web.refresh(first["refresh_token"]).status == 200:  # noted without waiting for it
        assert time.monotonic() < tried
    assert web.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"


def test_rfc9700_4_14_reuse_of_an_old_token_revokes_the_family(
    web: RelyingParty, alice: object
) -> None:
    first = web.tokens_for(alice)
    second = web.refresh(first["refresh_token"]).json()
    third = web.refresh(second["refresh_token"]).json()
    assert web.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert web.refresh(third["refresh_token"]).json()["error"] == "invalid_grant"
    assert web.userinfo(third["access_token"]).status == 401


def test_6_scope_narrows_for_this_token_only(web: RelyingParty, alice: object) -> None:
    tokens = web.tokens_for(alice)
    narrow = web.refresh(tokens["refresh_token"], scope="openid email").json()
    assert narrow["scope"] == "openid email"
    assert web.refresh(narrow["refresh_token"]).json()["scope"] == web.scope


def test_6_more_scope_is_invalid_scope_and_rotates_nothing(
    web: RelyingParty, alice: object
) -> None:
    tokens = web.tokens_for(alice, scope="openid offline_access")
    refused = web.refresh(tokens["refresh_token"], scope="openid profile")
    assert (refused.status, refused.json()["error"]) == (400, "invalid_scope")
    assert web.refresh(tokens["refresh_token"]).status == 200


def test_6_another_clients_refresh_token_is_invalid_grant(
    send: Send, web: RelyingParty, alice: object
) -> None:
    tokens = web.tokens_for(alice)
    other = RelyingParty.register(send)
    assert other.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert web.refresh(tokens["refresh_token"]).status == 200


def test_4_4_client_credentials(machine: RelyingParty) -> None:
    answer = machine.token({"grant_type": "client_credentials"})
    assert answer.status == 200
    assert set(answer.json()) == {"access_token", "token_type", "expires_in", "scope"}
    assert answer.json()["scope"] == "api"


def test_4_4_scope_beyond_the_clients_is_invalid_scope(machine: RelyingParty) -> None:
    answer = machine.token({"grant_type": "client_credentials", "scope": "api admin"})
    assert answer.json()["error"] == "invalid_scope"


def test_5_2_grant_type_missing_unknown_or_not_allowed(web: RelyingParty) -> None:
    assert web.token({}).json()["error"] == "invalid_request"
    assert web.token({"grant_type": "password"}).json()["error"] == "unsupported_grant_type"
    assert web.token({"grant_type": "client_credentials"}).json()["error"] == "unauthorized_client"


def test_2_3_1_wrong_secret_is_401_with_a_challenge(web: RelyingParty) -> None:
    web.client_secret = "wrong"
    answer = web.token({"grant_type": "authorization_code"})
    assert (answer.status, answer.json()["error"]) == (401, "invalid_client")
    assert answer.header("WWW-Authenticate").startswith("Basic ")


def test_2_3_two_methods_at_once_are_invalid_request(web: RelyingParty) -> None:
    answer = web.token({"grant_type": "refresh_token", "client_secret": "x"})
    assert (answer.status, answer.json()["error"]) == (400, "invalid_request")


def test_2_3_only_the_registered_method(send: Send, web: RelyingParty) -> None:
    """The secret may come in the form as well as in the header, but it must come."""
    body = f"grant_type=authorization_code&client_id={web.client_id}".encode()
    answer = send("POST", "/oauth2/token", "", body, {"Content-Type": FORM})
    assert (answer.status, answer.json()["error"]) == (401, "invalid_client")
    posted = body + f"&client_secret={web.client_secret}&code=x".encode()
    answer = send("POST", "/oauth2/token", "", posted, {"Content-Type": FORM})
    assert (answer.status, answer.json()["error"]) == (400, "invalid_grant")


def test_2_3_1_client_secret_post(send: Send) -> None:
    client = RelyingParty.register(
        send, "machine", scope="api", token_endpoint_auth_method="client_secret_post"
    )
    secret, client.client_secret = client.client_secret, None
    answer = client.token({"grant_type": "client_credentials", "client_secret": secret})
    assert answer.status == 200


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !!!", "Basic AAAA", "Bearer x", "Basic /w==", "Basic Og=="]
)
def test_2_3_1_malformed_authorization_header_is_401(send: Send, header: str) -> None:
    headers = {"Content-Type": FORM, "Authorization": header}
    answer = send("POST", "/oauth2/token", "", b"grant_type=client_credentials", headers)
    assert (answer.status, answer.json()["error"]) == (401, "invalid_client")


def test_3_2_query_parameters_are_refused(send: Send, machine: RelyingParty) -> None:
    assert machine.client_secret
    headers = {
        "Content-Type": FORM,
        "Authorization": basic(machine.client_id, machine.client_secret),
    }
    answer = send("POST", "/oauth2/token", "scope=api", b"grant_type=client_credentials", headers)
    assert (answer.status, answer.json()["error"]) == (400, "invalid_request")


def test_3_2_get_is_405(send: Send) -> None:
    answer = send("GET", "/oauth2/token", "", b"", {})
    assert (answer.status, answer.header("Allow")) == (405, "POST")


def test_core_11_without_offline_access_tokens_end_with_the_session(
    send: Send, web: RelyingParty, alice: object
) -> None:
    browser = Browser(send)
    sign_in(browser, alice)
    web.consented_by(alice)
    kept = web.redeem(web.authorize(browser).redirect_members["code"]).json()
    bound = web.redeem(web.authorize(browser, scope="openid").redirect_members["code"]).json()
    from oidc.stores.redis import sign_ons

    for session in sign_ons.list_for_user(str(alice.pk)):
        sign_ons.end(str(alice.pk), session.sid)
    assert web.refresh(kept["refresh_token"]).status == 200
    assert web.refresh(bound["refresh_token"]).json()["error"] == "invalid_grant"


def test_public_client_needs_no_secret_but_pkce(spa: RelyingParty, alice: object) -> None:
    code = spa.code_for(alice)
    assert spa.redeem(code, code_verifier=None).json()["error"] == "invalid_grant"
    assert spa.redeem(code).status == 200


def test_times_are_epoch_integers(web: RelyingParty, alice: object) -> None:
    import jwt

    tokens = web.tokens_for(alice)
    for token in (tokens["access_token"], tokens["id_token"]):
        claims = jwt.decode(token, options={"verify_signature": False})
        assert all(isinstance(claims[name], int) for name in ("iat", "exp", "auth_time"))
        assert abs(claims["iat"] - time.time()) < 5
