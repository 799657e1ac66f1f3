"""OpenID Connect RP-Initiated Logout 1.0."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import pytest
import time_machine
from django.test import Client as DjangoClient

from oidc.models import FailedRequest
from tests.support.battery import UNREADABLE_TOKENS, encode
from tests.support.doors import FORM, Answer, Browser, Send
from tests.support.relying_party import RelyingParty, new_person, sign_in
from tests.support.signing_out import (
    AFTER_LOGOUT,
    BACK_CHANNEL,
    asks,
    confirm,
    is_signed_out_page,
    log_out,
    register,
    signed_in_through,
)


@pytest.fixture
def client(send: Send) -> RelyingParty:
    return register(send)


@pytest.fixture
def id_token(browser: Browser, client: RelyingParty, alice: Any) -> str:
    """An ID token of the session in `browser`."""
    return signed_in_through(browser, client, alice)["id_token"]


def is_signed_in(browser: Browser, client: RelyingParty) -> bool:
    members = client.authorize(browser, prompt="none").redirect_members
    if "code" in members:
        return True
    assert members["error"] == "login_required"
    return False


def page_of(browser: Browser, **parameters: str) -> tuple[str, Answer]:
    """Open the logout endpoint. Returns the address of the page that it leads to, and the page."""
    answer = browser.get("/oauth2/logout", **parameters)
    assert answer.status == 303
    assert answer.location.startswith("/sign-out/")
    return answer.location, browser.get(answer.location)


# --- Section 2: a hint of this session ------------------------------------------------------------


def test_2_a_hint_of_this_session_signs_out_at_once(
    browser: Browser, client: RelyingParty, id_token: str
) -> None:
    end = log_out(
        browser, id_token_hint=id_token, post_logout_redirect_uri=AFTER_LOGOUT, state="a b&c"
    )
    assert end.location == f"{AFTER_LOGOUT}?state=a+b%26c"
    assert not is_signed_in(browser, client)


def test_2_state_is_the_only_parameter_and_only_if_it_was_sent(
    browser: Browser, id_token: str
) -> None:
    end = log_out(browser, id_token_hint=id_token, post_logout_redirect_uri=AFTER_LOGOUT)
    assert end.location == AFTER_LOGOUT


def test_2_the_tokens_of_the_session_end_with_it(
    browser: Browser, client: RelyingParty, alice: Any
) -> None:
    client.scope = "openid"
    tokens = signed_in_through(browser, client, alice)
    log_out(browser, id_token_hint=tokens["id_token"])
    assert client.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_2_the_expiry_of_the_hint_is_ignored(
    browser: Browser, client: RelyingParty, id_token: str
) -> None:
    with time_machine.travel(time.time() + 3 * 3600):
        end = log_out(browser, id_token_hint=id_token, post_logout_redirect_uri=AFTER_LOGOUT)
    assert end.location == AFTER_LOGOUT


def test_2_without_an_address_to_return_to_it_ends_here(
    browser: Browser, client: RelyingParty, id_token: str
) -> None:
    assert is_signed_out_page(log_out(browser, id_token_hint=id_token))
    assert not is_signed_in(browser, client)


def test_2_client_id_may_be_there_too(
    browser: Browser, client: RelyingParty, id_token: str
) -> None:
    end = log_out(
        browser,
        id_token_hint=id_token,
        client_id=client.client_id,
        post_logout_redirect_uri=AFTER_LOGOUT,
    )
    assert end.location == AFTER_LOGOUT


def test_2_post_works_like_get(browser: Browser, client: RelyingParty, id_token: str) -> None:
    browser.cookies.setdefault("gatehouse_browser-1", "a-browser")
    fields = {"id_token_hint": id_token, "post_logout_redirect_uri": AFTER_LOGOUT, "state": "s"}
    end = browser.follow(browser.post("/oauth2/logout", fields))
    assert end.location == f"{AFTER_LOGOUT}?state=s"
    assert not is_signed_in(browser, client)


def test_2_a_post_from_another_site_comes_without_cookies_and_is_resumed(
    send: Send, browser: Browser, client: RelyingParty, id_token: str
) -> None:
    browser.cookies["gatehouse_browser-1"] = "a-browser"
    fields = {"id_token_hint": id_token, "post_logout_redirect_uri": AFTER_LOGOUT, "state": "s"}
    answer = Browser(send).post("/oauth2/logout", fields)
    assert answer.status == 303
    assert answer.header("Set-Cookie") == ""
    assert answer.location.startswith("/oauth2/logout?resume=")
    assert id_token not in answer.location
    end = browser.follow(browser.get(answer.location))
    assert end.location == f"{AFTER_LOGOUT}?state=s"
    assert browser.cookies["gatehouse_browser-1"] == "a-browser"
    assert not is_signed_in(browser, client)


def test_2_a_request_is_resumed_once_and_by_its_own_endpoint_only(
    send: Send, client: RelyingParty, id_token: str, browser: Browser
) -> None:
    kept = Browser(send).post("/oauth2/logout", {"id_token_hint": id_token}).location
    resume = kept.partition("?")[2]
    assert browser.get(f"/oauth2/authorize?{resume}").status == 400
    assert browser.get(kept).status == 303
    assert browser.get(kept).status == 400

    authorization = Browser(send).post("/oauth2/authorize", client.parameters()).location
    assert browser.get(f"/oauth2/logout?{authorization.partition('?')[2]}").status == 400


# --- Section 2: everything else is asked first ----------------------------------------------------


def test_2_without_parameters_it_asks(
    browser: Browser, client: RelyingParty, id_token: str
) -> None:
    path, page = page_of(browser)
    assert asks(page)
    assert is_signed_in(browser, client)
    assert is_signed_out_page(browser.follow(confirm(browser, page, path)))
    assert not is_signed_in(browser, client)


def test_2_a_hint_about_somebody_else_asks_and_then_returns(
    send: Send, browser: Browser, client: RelyingParty, id_token: str
) -> None:
    elsewhere = Browser(send)
    sign_in(elsewhere, new_person())
    parameters = {"id_token_hint": id_token, "post_logout_redirect_uri": AFTER_LOGOUT}
    path, page = page_of(elsewhere, **parameters)
    assert asks(page)
    assert "meant another account" in page.text
    assert confirm(elsewhere, page, path).location == AFTER_LOGOUT
    assert is_signed_in(browser, client)


def test_2_a_hint_of_another_session_of_the_same_person_asks(
    send: Send, browser: Browser, alice: Any
) -> None:
    client = register(send, backchannel_logout_uri=BACK_CHANNEL)
    hint = signed_in_through(browser, client, alice)["id_token"]
    assert "sid" in jwt.decode(hint, options={"verify_signature": False})
    elsewhere = Browser(send)
    sign_in(elsewhere, alice)
    _, page = page_of(elsewhere, id_token_hint=hint)
    assert asks(page)
    assert "meant another account" not in page.text
    assert is_signed_in(browser, client)


def test_2_a_hint_of_a_client_never_used_in_this_session_asks(
    send: Send, browser: Browser, client: RelyingParty, alice: Any
) -> None:
    """Such as one of last year: without a `sid`, it would otherwise end every later session."""
    old = signed_in_through(Browser(send), client, alice)["id_token"]
    assert "sid" not in jwt.decode(old, options={"verify_signature": False})
    signed_in_through(browser, other := register(send), alice)
    parameters = {"id_token_hint": old, "post_logout_redirect_uri": AFTER_LOGOUT}
    _, page = page_of(browser, **parameters)
    assert asks(page)
    assert "meant another account" not in page.text
    assert is_signed_in(browser, other)

    signed_in_through(browser, client, alice)
    assert log_out(browser, **parameters).location == AFTER_LOGOUT
    assert not is_signed_in(browser, other)


def test_6_a_hint_that_its_client_can_have_made_itself_asks(
    send: Send, browser: Browser, alice: Any
) -> None:
    """With HS256 the client has the key. It may even know the `sid`."""
    client = register(
        send, id_token_signed_response_alg="HS256", backchannel_logout_uri=BACK_CHANNEL
    )
    issued = signed_in_through(browser, client, alice)["id_token"]
    claims = jwt.decode(issued, options={"verify_signature": False})
    made = jwt.encode(claims | {"iat": int(time.time())}, client.client_secret, "HS256")
    for hint in (made, issued):
        path, page = page_of(browser, id_token_hint=hint, post_logout_redirect_uri=AFTER_LOGOUT)
        assert asks(page)
        assert "A web client" in page.text
        assert is_signed_in(browser, client)
    assert confirm(browser, page, path).location == AFTER_LOGOUT
    assert not is_signed_in(browser, client)


def test_2_client_id_alone_asks_names_the_client_and_returns_to_it(
    browser: Browser, client: RelyingParty, id_token: str
) -> None:
    path, page = page_of(
        browser, client_id=client.client_id, post_logout_redirect_uri=AFTER_LOGOUT, state="s"
    )
    assert asks(page)
    assert "A web client" in page.text
    assert confirm(browser, page, path).location == f"{AFTER_LOGOUT}?state=s"


def test_2_logout_hint_says_who_is_meant(
    browser: Browser, client: RelyingParty, id_token: str, alice: Any
) -> None:
    for hint in (alice.username, alice.email.upper(), str(alice.pk)):
        assert "meant another" not in page_of(browser, logout_hint=hint)[1].text
    _, page = page_of(browser, logout_hint='"><b>bob</b>', client_id=client.client_id)
    assert "A web client meant another account" in page.text
    assert "bob" not in page.text


def test_2_nobody_is_signed_in_nothing_is_asked(
    send: Send, client: RelyingParty, id_token: str
) -> None:
    stranger = Browser(send)
    end = log_out(stranger, id_token_hint=id_token, post_logout_redirect_uri=AFTER_LOGOUT)
    assert end.location == AFTER_LOGOUT
    assert is_signed_out_page(log_out(stranger))


@pytest.mark.parametrize("path", ["/accounts/logout/", "/accounts/sign-out-everywhere/"])
def test_who_is_not_signed_in_is_signed_out(browser: Browser, path: str) -> None:
    assert is_signed_out_page(browser.follow(browser.get(path)))


def test_a_form_shown_to_another_person_signs_nobody_out_everywhere(
    browser: Browser, alice: Any
) -> None:
    """In another tab somebody else has signed in meanwhile."""
    path = "/accounts/sign-out-everywhere/"
    sign_in(browser, alice)
    shown_to_alice = browser.get(path)
    sign_in(browser, bob := new_person())
    asked_again = confirm(browser, shown_to_alice, path)
    assert asked_again.status == 200
    assert bob.username in asked_again.text
    assert is_signed_out_page(browser.follow(confirm(browser, asked_again, path)))


# --- Sections 3 and 4: what breaks a rule is not used ------------------------------------------


def tampered(id_token: str) -> str:
    header, payload, signature = id_token.split(".")
    return f"{header}.{payload[:-4]}AAAA.{signature}"


def unsigned(id_token: str) -> str:
    return f"{encode({'alg': 'none', 'typ': 'JWT'})}.{id_token.split('.')[1]}."


NO_HINT = "post_logout_redirect_uri was sent without id_token_hint or client_id"
BAD_HINT = "id_token_hint is not an ID token of this server"
NOT_REGISTERED = "post_logout_redirect_uri is not registered for this application"
TWO_CLIENTS = "client_id and id_token_hint belong to two different applications"
NO_CLIENT = "this application is not registered here"
REASONS = {
    "no hint": NO_HINT,
    "no token at all": BAD_HINT,
    "another client": TWO_CLIENTS,
    "unknown client": NO_CLIENT,
    "unknown client alone": NO_CLIENT,
    "tampered hint": BAD_HINT,
    "unsigned hint": BAD_HINT,
    "tampered hint beside client_id": BAD_HINT,
}
"""Any other breaks the rule about the address."""

BROKEN: dict[str, Any] = {
    "no hint": {"id_token_hint": ""},
    "tampered hint": {"id_token_hint": tampered},
    "unsigned hint": {"id_token_hint": unsigned},
    "no token at all": {"id_token_hint": "hint"},
    "unregistered URI": {"post_logout_redirect_uri": "https://client.example/elsewhere"},
    "another host": {"post_logout_redirect_uri": "https://evil.example/signed-out"},
    "added query": {"post_logout_redirect_uri": f"{AFTER_LOGOUT}?a=b"},
    "added slash": {"post_logout_redirect_uri": f"{AFTER_LOGOUT}/"},
    "added fragment": {"post_logout_redirect_uri": f"{AFTER_LOGOUT}#a"},
    "redirect URI of a sign-in": {"post_logout_redirect_uri": "https://client.example/cb"},
    "javascript": {"post_logout_redirect_uri": "javascript:alert(1)"},
    "another client": {"client_id": "other"},
    "unknown client": {"client_id": "unknown", "id_token_hint": ""},
    "unknown client alone": {
        "client_id": "unknown",
        "id_token_hint": "",
        "post_logout_redirect_uri": "",
    },
    "tampered hint beside client_id": {"client_id": "own", "id_token_hint": tampered},
}


def broken(send: Send, client: RelyingParty, id_token: str, mistake: str) -> dict[str, str]:
    """Return the parameters of a request with one of the mistakes above."""
    client_ids = {"own": client.client_id, "other": register(send).client_id}
    parameters = {
        "id_token_hint": id_token,
        "post_logout_redirect_uri": AFTER_LOGOUT,
        "state": "s",
    }
    for name, value in BROKEN[mistake].items():
        parameters[name] = value(id_token) if callable(value) else client_ids.get(value, value)
    return parameters


def says(page: Answer, mistake: str) -> bool:
    """Tell whether a page names the reason, as a sentence."""
    reason = REASONS.get(mistake, NOT_REGISTERED)
    return f" {reason}" in page.text or f" {reason[:1].upper()}{reason[1:]}" in page.text


@pytest.mark.parametrize("mistake", BROKEN)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_4_what_breaks_a_rule_never_redirects(
    send: Send, browser: Browser, client: RelyingParty, id_token: str, mistake: str, method: str
) -> None:
    parameters = broken(send, client, id_token, mistake)
    browser.cookies.setdefault("gatehouse_browser-1", "a-browser")
    if method == "GET":
        answer = browser.get("/oauth2/logout", **parameters)
    else:
        answer = browser.post("/oauth2/logout", parameters)
    page = browser.get(answer.location)
    assert asks(page)
    assert is_signed_in(browser, client)
    reference = FailedRequest.objects.get(endpoint="end_session").reference
    assert reference == answer.header("X-Request-Id")
    assert reference in page.text
    assert says(page, mistake)
    end = browser.follow(confirm(browser, page, answer.location))
    assert is_signed_out_page(end)
    assert not is_signed_in(browser, client)


@pytest.mark.parametrize("mistake", BROKEN)
def test_4_the_reason_is_named_when_nobody_is_signed_in_too(
    send: Send, client: RelyingParty, id_token: str, mistake: str
) -> None:
    stranger = Browser(send)
    answer = stranger.get("/oauth2/logout", **broken(send, client, id_token, mistake))
    for _ in range(2):  # reloading it shows it again
        page = stranger.get(answer.location)
        assert page.status == 400
        assert "You are signed out" in page.text
        assert "Sign in again" in page.text
        assert "Your account" not in page.text
        assert says(page, mistake)
        failure = FailedRequest.objects.get(endpoint="end_session")
        assert failure.reference == answer.header("X-Request-Id")
        assert failure.reference in page.text
        assert AFTER_LOGOUT not in page.text


def test_4_the_record_of_a_mistake_names_the_client_and_the_address(
    browser: Browser, client: RelyingParty, id_token: str
) -> None:
    address = "https://client.example/elsewhere"
    browser.get("/oauth2/logout", id_token_hint=id_token, post_logout_redirect_uri=address)
    failure = FailedRequest.objects.get(endpoint="end_session")
    assert failure.client_id == client.client_id
    assert address in failure.detail


@pytest.mark.parametrize("token", UNREADABLE_TOKENS.values(), ids=UNREADABLE_TOKENS)
def test_4_no_hint_however_strange_is_more_than_a_page(send: Send, token: str) -> None:
    body = urlencode({"id_token_hint": token}).encode()
    answer = Browser(send).request("POST", "/oauth2/logout", "", body, {"Content-Type": FORM})
    assert answer.status in (303, 400, 413)


def test_4_another_kind_of_token_is_no_hint(
    browser: Browser, client: RelyingParty, alice: Any
) -> None:
    tokens = signed_in_through(browser, client, alice)
    _, page = page_of(
        browser, id_token_hint=tokens["access_token"], post_logout_redirect_uri=AFTER_LOGOUT
    )
    assert asks(page)


def test_4_a_repeated_parameter_is_not_used(browser: Browser, id_token: str) -> None:
    query = {"id_token_hint": id_token, "post_logout_redirect_uri": [AFTER_LOGOUT, "https://x"]}
    page = browser.follow(browser.request("GET", "/oauth2/logout", urlencode(query, doseq=True)))
    assert asks(page)
    assert "A parameter of the sign-out request is repeated." in page.text


def test_3_each_client_returns_to_its_own_addresses_only(
    send: Send, browser: Browser, client: RelyingParty, id_token: str
) -> None:
    other = register(send, post_logout_redirect_uris=["https://other.example/"])
    path, page = page_of(browser, client_id=other.client_id, post_logout_redirect_uri=AFTER_LOGOUT)
    assert is_signed_out_page(browser.follow(confirm(browser, page, path)))


def test_3_the_query_of_a_registered_address_is_kept(
    send: Send, browser: Browser, alice: Any
) -> None:
    address = "https://client.example/out?tenant=1"
    client = register(send, post_logout_redirect_uris=[address])
    hint = signed_in_through(browser, client, alice)["id_token"]
    end = log_out(browser, id_token_hint=hint, post_logout_redirect_uri=address, state="s")
    assert dict(parse_qsl(urlsplit(end.location).query)) == {"tenant": "1", "state": "s"}


def test_4_a_disabled_client_is_none(send: Send, browser: Browser, alice: Any) -> None:
    from oidc.clients.service import disable_client
    from oidc.models import OAuthClient

    client = register(send)
    hint = signed_in_through(browser, client, alice)["id_token"]
    disable_client(OAuthClient.objects.get(client_id=client.client_id))
    _, page = page_of(browser, id_token_hint=hint, post_logout_redirect_uri=AFTER_LOGOUT)
    assert asks(page)


# --- Nobody signs out somebody else ---------------------------------------------------------------


def test_the_question_is_not_answered_by_another_site(
    browser: Browser, client: RelyingParty, id_token: str
) -> None:
    path, _ = page_of(browser)
    strict = DjangoClient(enforce_csrf_checks=True)
    for name, value in browser.cookies.items():
        strict.cookies[name] = value
    assert strict.post(path).status_code == 403
    assert strict.post("/accounts/logout/").status_code == 403
    assert strict.post("/accounts/sign-out-everywhere/").status_code == 403
    assert is_signed_in(browser, client)


def test_a_sign_out_opens_only_in_the_browser_that_began_it(
    send: Send, browser: Browser, client: RelyingParty, id_token: str
) -> None:
    attacker = Browser(send)
    path = attacker.get("/oauth2/logout", id_token_hint=id_token).location
    assert browser.get(path).status == 400
    assert is_signed_in(browser, client)


def test_an_authorization_request_is_no_sign_out(
    browser: Browser, client: RelyingParty, id_token: str
) -> None:
    waiting = client.authorize(browser, prompt="consent").location.removeprefix("/interaction/")
    assert browser.get(f"/sign-out/{waiting}").status == 400
    assert browser.get(f"/signing-out/{waiting}").location == "/accounts/signed-out/"
    path = browser.get("/oauth2/logout").location.removeprefix("/sign-out/")
    assert browser.get(f"/interaction/{path}").status == 400


def test_a_sign_out_is_done_once(browser: Browser, client: RelyingParty, id_token: str) -> None:
    path, page = page_of(browser)
    confirm(browser, page, path)
    assert is_signed_out_page(browser.follow(browser.get(path)))
    sign_in(browser, new_person())
    assert browser.get(path).status == 400


def test_the_hint_is_in_no_page_and_no_address(
    browser: Browser, client: RelyingParty, id_token: str
) -> None:
    answer = browser.get("/oauth2/logout", id_token_hint=id_token, client_id=client.client_id)
    assert id_token not in answer.location


def test_discovery_names_the_endpoint(browser: Browser) -> None:
    metadata = browser.get("/.well-known/openid-configuration").json()
    assert metadata["end_session_endpoint"] == "http://localhost:8000/oauth2/logout"
