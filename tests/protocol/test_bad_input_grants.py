"""Refused redemptions and refreshes consume nothing. RFC 6749 4.1.3, 5.2, 6; RFC 9700 2.1.1, 4.5.

After every refusal the code, or the refresh token, still works for whom it was made.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine

from oidc.pages import interaction
from oidc.stores.redis import sign_ons
from tests.protocol.test_interaction_pages import csrf, log_in
from tests.support.battery import FORM_HEADERS, UNREADABLE_TOKENS, assert_refused
from tests.support.doors import Browser, Send, send_to_wsgi
from tests.support.relying_party import REDIRECT_URI, RelyingParty, basic, s256, sign_in

VERIFIER = "v" * 43
REFUSED_REDEMPTIONS: dict[str, tuple[dict[str, str | None], str]] = {
    "no code": ({"code": None}, "invalid_request"),
    "no verifier": ({"code_verifier": None}, "invalid_grant"),
    "another verifier": ({"code_verifier": VERIFIER}, "invalid_grant"),
    "the challenge as the verifier": ({"code_verifier": s256(VERIFIER)}, "invalid_grant"),
    "verifier too short": ({"code_verifier": "v" * 42}, "invalid_grant"),
    "verifier too long": ({"code_verifier": "v" * 129}, "invalid_grant"),
    "verifier with odd characters": ({"code_verifier": "v" * 42 + "="}, "invalid_grant"),
    "verifier with a line break": ({"code_verifier": "v" * 43 + "\n"}, "invalid_request"),
    "another redirect_uri": ({"redirect_uri": REDIRECT_URI + "2"}, "invalid_grant"),
    "redirect_uri with a slash": ({"redirect_uri": REDIRECT_URI + "/"}, "invalid_grant"),
    "redirect_uri in capitals": ({"redirect_uri": REDIRECT_URI.upper()}, "invalid_grant"),
    "NUL in the redirect_uri": ({"redirect_uri": REDIRECT_URI + "\0"}, "invalid_request"),
    "huge redirect_uri": ({"redirect_uri": REDIRECT_URI + "x" * 60_000}, "invalid_grant"),
    "another grant type": ({"grant_type": "refresh_token"}, "invalid_request"),
    "unknown grant type": ({"grant_type": "password"}, "unsupported_grant_type"),
    "grant type in capitals": ({"grant_type": "AUTHORIZATION_CODE"}, "unsupported_grant_type"),
    "grant type not allowed": ({"grant_type": "client_credentials"}, "unauthorized_client"),
    "client_id of another": ({"client_id": "another"}, "invalid_request"),
    "a second authentication": ({"client_secret": "x"}, "invalid_request"),
}


@pytest.mark.parametrize(("change", "error"), REFUSED_REDEMPTIONS.values(), ids=REFUSED_REDEMPTIONS)
def test_refused_redemption_leaves_the_code(
    web: RelyingParty, alice: object, change: dict[str, str | None], error: str
) -> None:
    code = web.code_for(alice)
    assert assert_refused(web.redeem(code, **change), 400)["error"] == error
    assert web.redeem(code).status == 200


def test_refused_at_the_door_leaves_the_code(send: Send, web: RelyingParty, alice: object) -> None:
    code = web.code_for(alice)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": web.redirect_uri,
        "code_verifier": web.verifier,
    }
    body = urlencode(form).encode()
    good = FORM_HEADERS | {"Authorization": basic(web.client_id, web.client_secret)}
    refused = [
        send("GET", "/oauth2/token", body.decode(), b"", good),
        send("PUT", "/oauth2/token", "", body, good),
        send("POST", "/oauth2/token", "", body + b"&code=" + code.encode(), good),
        send("POST", "/oauth2/token", "", body + b"&code=", good),
        send("POST", "/oauth2/token", "", body + b"&scope=a&scope=b", good),
        send("POST", "/oauth2/token", "code=" + code, body, good),
        send("POST", "/oauth2/token", "", body, good | {"Content-Type": "text/plain"}),
        send("POST", "/oauth2/token", "", body + b"&x=%00", good),
        send("POST", "/oauth2/token", "", body + b"&x=%ff", good),
        send("POST", "/oauth2/token", "", body + b"&x=" + b"x" * 70_000, good),
        send("POST", "/oauth2/token", "", body, FORM_HEADERS),
        send("POST", "/oauth2/token", "", body, good | {"Authorization": basic("x", "y")}),
        send("POST", "/oauth2/token", "", body, good | {"Authorization": "Basic !"}),
    ]
    if send is send_to_wsgi:
        length = {"Content-Length": str(len(body) + 1)}
        refused.append(send("POST", "/oauth2/token", "", body, good | length))
    for answer in refused:
        assert_refused(answer)
    assert web.redeem(code).status == 200


def test_4_1_3_other_clients_cannot_redeem_or_burn_a_code(
    send: Send, web: RelyingParty, spa: RelyingParty, alice: object
) -> None:
    code = web.code_for(alice)
    strangers = [RelyingParty.register(send), spa, RelyingParty.register(send, "oidc-compat")]
    for stranger in strangers:
        for verifier in (web.verifier, stranger.verifier, None):
            answer = stranger.redeem(code, code_verifier=verifier)
            assert assert_refused(answer, 400)["error"] == "invalid_grant"
    assert web.redeem(code).status == 200


@pytest.mark.parametrize("code", UNREADABLE_TOKENS.values(), ids=UNREADABLE_TOKENS)
def test_unreadable_codes_are_invalid_grant(web: RelyingParty, code: str) -> None:
    assert assert_refused(web.redeem(code), 400)["error"] == "invalid_grant"


def test_a_token_of_another_kind_is_no_code_and_no_refresh_token(
    web: RelyingParty, alice: object
) -> None:
    tokens, code = web.tokens_for(alice), web.code_for(alice)
    for other in (tokens["access_token"], tokens["id_token"], tokens["refresh_token"]):
        assert web.redeem(other).json()["error"] == "invalid_grant"
    for other in (tokens["access_token"], tokens["id_token"], code):
        assert web.refresh(other).json()["error"] == "invalid_grant"
        assert web.introspect(code).json() == {"active": False}
        assert web.revoke(code).status == 200
    assert web.userinfo(tokens["refresh_token"]).status == 401
    assert web.refresh(tokens["refresh_token"]).status == 200
    assert web.redeem(code).status == 200


# --- Time ---------------------------------------------------------------------------------------


def with_settings(settings: Any, **changes: Any) -> None:
    settings.GATEHOUSE = {**settings.GATEHOUSE, **changes}


def passes(condition: Any, seconds: float = 5) -> bool:
    """Ask again until something holds: the cluster's own clock cannot be moved."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_4_1_2_an_expired_code_is_invalid_grant(
    web: RelyingParty, alice: object, settings: Any
) -> None:
    with_settings(settings, code_lifetime_seconds=1)
    code = web.code_for(alice)
    assert passes(lambda: code_has_expired(web, code))
    assert web.redeem(code).json()["error"] == "invalid_grant"


def code_has_expired(web: RelyingParty, code: str) -> bool:
    """Ask with a wrong verifier, which consumes nothing: expiry is looked at before."""
    from oidc.models import FailedRequest

    web.redeem(code, code_verifier=VERIFIER)
    return FailedRequest.objects.latest("pk").detail == "unknown or expired code"


def test_a_grant_past_its_end_is_invalid_grant(
    web: RelyingParty, alice: object, settings: Any
) -> None:
    with_settings(settings, refresh_token_absolute_seconds=1)
    tokens = web.tokens_for(alice)
    assert passes(lambda: web.introspect(tokens["refresh_token"]).json() == {"active": False})
    assert web.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert web.userinfo(tokens["access_token"]).status == 401


def test_an_idle_refresh_token_expires(web: RelyingParty, alice: object, settings: Any) -> None:
    with_settings(settings, refresh_token_idle_seconds=1)
    tokens = web.tokens_for(alice)
    assert passes(lambda: web.introspect(tokens["refresh_token"]).json() == {"active": False})
    assert web.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_rfc9700_4_14_after_the_grace_a_predecessor_is_reuse(
    web: RelyingParty, alice: object, settings: Any
) -> None:
    with_settings(settings, refresh_token_grace_seconds=0, refresh_token_retry_seconds=0)
    first = web.tokens_for(alice)
    second = web.refresh(first["refresh_token"]).json()
    time.sleep(0.01)  # the grace of nothing is over with the next tick of the node's clock
    assert web.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert web.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"


def test_an_expired_access_token_is_refused(web: RelyingParty, alice: object) -> None:
    tokens = web.tokens_for(alice)
    with time_machine.travel(time.time() + 901, tick=False):
        assert web.userinfo(tokens["access_token"]).status == 401
        assert web.introspect(tokens["access_token"]).json() == {"active": False}


# --- Refreshing ---------------------------------------------------------------------------------

REFUSED_REFRESHES: dict[str, tuple[dict[str, str | None], str]] = {
    "no token": ({"refresh_token": None}, "invalid_request"),
    "more scope": ({"scope": "openid profile email phone"}, "invalid_scope"),
    "other scope": ({"scope": "admin"}, "invalid_scope"),
    "scope of odd characters": ({"scope": 'openid "\\'}, "invalid_scope"),
    "huge scope": ({"scope": "s" * 60_000}, "invalid_scope"),
    "thousands of scopes": ({"scope": "openid " + "s " * 20_000}, "invalid_scope"),
    "NUL in scope": ({"scope": "openid\0"}, "invalid_request"),
    "a second authentication": ({"client_secret": "x"}, "invalid_request"),
    "client_id of another": ({"client_id": "another"}, "invalid_request"),
}


@pytest.mark.parametrize(("change", "error"), REFUSED_REFRESHES.values(), ids=REFUSED_REFRESHES)
def test_refused_refresh_rotates_nothing(
    web: RelyingParty, alice: object, change: dict[str, str | None], error: str
) -> None:
    token = web.tokens_for(alice)["refresh_token"]
    assert assert_refused(web.refresh(token, **change), 400)["error"] == error
    first = web.refresh(token).json()
    assert web.refresh(first["refresh_token"]).status == 200


def test_6_other_clients_cannot_refresh_revoke_or_burn_a_token(
    send: Send, web: RelyingParty, spa: RelyingParty, alice: object
) -> None:
    tokens = web.tokens_for(alice)
    for stranger in (RelyingParty.register(send), spa):
        answer = stranger.refresh(tokens["refresh_token"])
        assert assert_refused(answer, 400)["error"] == "invalid_grant"
        stranger.revoke(tokens["refresh_token"])
        stranger.revoke(tokens["access_token"])
    assert web.userinfo(tokens["access_token"]).status == 200
    assert web.refresh(tokens["refresh_token"]).status == 200


def test_a_code_dies_with_the_session_it_came_from(
    send: Send, web: RelyingParty, alice: object
) -> None:
    browser = Browser(send)
    sign_in(browser, alice)
    web.consented_by(alice)
    codes = [
        web.authorize(browser, scope=scope).redirect_members["code"]
        for scope in ("openid", "openid offline_access")
    ]
    for session in sign_ons.list_for_user(str(alice.pk)):
        sign_ons.end(str(alice.pk), session.sid)
    for code in codes:
        assert web.redeem(code).json()["error"] == "invalid_grant"


def test_who_is_signed_out_while_allowing_gets_no_code_and_signs_in_again(
    browser: Browser, web: RelyingParty, alice: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last look is the store's own, after all that the page has looked at."""
    started = web.authorize(browser)
    page = log_in(browser, started, alice)
    granting = interaction.grant_authorization

    def signed_out_before(*arguments: Any) -> Any:
        sign_ons.end_all(str(alice.pk))
        return granting(*arguments)

    monkeypatch.setattr(interaction, "grant_authorization", signed_out_before)
    answer = browser.post(started.location, csrf(page) | {"decision": "allow"})
    assert answer.location.startswith("/accounts/login/?next=")
    monkeypatch.undo()
    back = browser.follow(log_in(browser, started, alice))
    assert web.redeem(back.redirect_members["code"]).status == 200


def test_signing_out_everywhere_ends_offline_grants_too(web: RelyingParty, alice: object) -> None:
    tokens = web.tokens_for(alice)
    sign_ons.end_all(str(alice.pk))
    assert web.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert web.userinfo(tokens["access_token"]).status == 401
