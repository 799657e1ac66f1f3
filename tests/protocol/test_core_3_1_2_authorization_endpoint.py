"""The authorization endpoint. OpenID Connect Core 1.0 section 3.1.2; RFC 6749 section 4.1;
RFC 9207; RFC 9700 sections 2.1 and 4.12."""

from __future__ import annotations

import time
from urllib.parse import quote, urlencode

import pytest
import time_machine

from oidc.stores.redis.code_store import RedisCodes
from oidc.stores.redis.interaction_store import RedisInteractions
from tests.protocol.test_interaction_pages import csrf
from tests.support.doors import FORM, Browser, Send
from tests.support.relying_party import ISSUER, REDIRECT_URI, RelyingParty, new_person, sign_in


@pytest.fixture
def signed_in(browser: Browser, web: RelyingParty, alice: object) -> Browser:
    """A browser that alice is signed in with; she allowed `web` before."""
    sign_in(browser, alice)
    web.consented_by(alice)
    return browser


def test_3_1_2_5_success_has_code_state_and_iss(signed_in: Browser, web: RelyingParty) -> None:
    answer = web.authorize(signed_in)
    assert answer.status == 303
    assert answer.location.startswith(web.redirect_uri + "?")
    assert set(answer.redirect_members) == {"code", "state", "iss", "session_state"}
    assert answer.redirect_members["state"] == web.state
    assert answer.redirect_members["iss"] == ISSUER
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("Referrer-Policy") == "no-referrer"


def test_3_1_2_1_post_works_like_get(signed_in: Browser, web: RelyingParty) -> None:
    answer = signed_in.post("/oauth2/authorize", web.parameters())
    assert "code" in answer.redirect_members


def test_cross_site_post_without_cookies_resumes_as_a_get(
    send: Send, signed_in: Browser, web: RelyingParty
) -> None:
    body = urlencode(web.parameters()).encode()
    posted = send("POST", "/oauth2/authorize", "", body, {"Content-Type": FORM})
    assert posted.status == 303
    assert web.client_id not in posted.location
    assert "code" in signed_in.get(posted.location).redirect_members
    again = signed_in.get(posted.location)
    assert (again.status, again.location) == (400, "")


def test_response_mode_fragment(signed_in: Browser, web: RelyingParty) -> None:
    answer = web.authorize(signed_in, response_mode="fragment")
    assert answer.location.startswith(web.redirect_uri + "#")
    assert "code" in answer.redirect_members


def test_form_post_escapes_every_value(signed_in: Browser, web: RelyingParty) -> None:
    answer = web.authorize(signed_in, response_mode="form_post", state='"><script>x</script>')
    assert answer.status == 200
    assert "<script>x" not in answer.text
    assert 'name="code"' in answer.text
    assert f'action="{web.redirect_uri}"' in answer.text
    assert "form-action" not in answer.header("Content-Security-Policy")
    assert "unsafe" not in answer.header("Content-Security-Policy")


@pytest.mark.parametrize("mode", ["query.jwt", "web_message", "x"])
def test_unknown_response_mode_is_an_error_to_the_client(
    signed_in: Browser, web: RelyingParty, mode: str
) -> None:
    assert web.authorize(signed_in, response_mode=mode).redirect_members["error"] == (
        "invalid_request"
    )


def test_a_registered_query_is_kept(send: Send, browser: Browser, alice: object) -> None:
    uri = "https://client.example/cb?tenant=1"
    client = RelyingParty.register(send, redirect_uris=[uri])
    client.redirect_uri = uri
    sign_in(browser, alice)
    client.consented_by(alice)
    answer = client.authorize(browser)
    assert answer.location.startswith(uri + "&code=")


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": None},
        {"client_id": "unknown"},
        {"redirect_uri": None},
        {"redirect_uri": "https://client.example/cb/"},
        {"redirect_uri": "https://client.example/CB"},
        {"redirect_uri": "https://client.example/cb?x=1"},
        {"redirect_uri": "https://client.example/cb#x"},
        {"redirect_uri": "https://client.example/../cb"},
        {"redirect_uri": "https://client.example/%63b"},
        {"redirect_uri": "https://client.example%2fcb"},
        {"redirect_uri": "https://user@client.example/cb"},
        {"redirect_uri": "https://client.example:443/cb"},
        {"redirect_uri": "HTTPS://client.example/cb"},
        {"redirect_uri": "http://client.example/cb"},
        {"redirect_uri": "https://client.example.evil.example/cb"},
        {"redirect_uri": "//client.example/cb"},
        {"redirect_uri": "javascript:alert(1)"},
    ],
    ids=lambda change: str(next(iter(change.values()))),
)
def test_rfc6749_4_1_2_1_unknown_client_or_uri_is_a_page_never_a_redirect(
    signed_in: Browser, web: RelyingParty, change: dict[str, str | None]
) -> None:
    answer = web.authorize(signed_in, **change)
    assert (answer.status, answer.location) == (400, "")
    assert answer.header("Content-Type").startswith("text/html")
    assert answer.header("X-Request-Id") in answer.text


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unauthorized_client"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "unknown"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "1e3"}, "invalid_request"),
        ({"max_age": "٣"}, "invalid_request"),
        ({"max_age": "9" * 50}, "invalid_request"),
        ({"request": "x.y.z"}, "invalid_request_object"),
        ({"request_uri": "https://client.example/r"}, "invalid_request_uri"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"id_token_hint": "x"}, "invalid_request"),
        ({"scope": "nothing else"}, "invalid_scope"),
    ],
    ids=str,
)
def test_3_1_2_6_other_errors_go_to_the_client_with_state_and_iss(
    signed_in: Browser, web: RelyingParty, change: dict[str, str | None], error: str
) -> None:
    answer = web.authorize(signed_in, **change)
    assert answer.location.startswith(web.redirect_uri)
    members = answer.redirect_members
    assert members["error"] == error
    assert (members["state"], members["iss"]) == (web.state, ISSUER)
    assert set(members) == {"error", "error_description", "state", "iss"}


@pytest.mark.parametrize(
    "change",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge": None},
        {"code_challenge": "short"},
        {"code_challenge": "=" * 43},
    ],
    ids=str,
)
def test_rfc7636_s256_is_required(
    signed_in: Browser, web: RelyingParty, change: dict[str, str | None]
) -> None:
    assert web.authorize(signed_in, **change).redirect_members["error"] == "invalid_request"


def test_repeated_parameter_goes_to_the_client(signed_in: Browser, web: RelyingParty) -> None:
    query = urlencode(web.parameters()) + "&scope=openid"
    answer = signed_in.request("GET", "/oauth2/authorize", query)
    assert answer.redirect_members["error"] == "invalid_request"


def test_repeated_state_is_not_sent_back(signed_in: Browser, web: RelyingParty) -> None:
    query = urlencode(web.parameters()) + "&state=other"
    assert "state" not in signed_in.request("GET", "/oauth2/authorize", query).redirect_members


@pytest.mark.parametrize("scope", ["api", None])
def test_rfc6749_3_1_2_3_the_only_redirect_uri_may_be_left_out(
    send: Send, browser: Browser, alice: object, scope: str | None
) -> None:
    client = RelyingParty.register(send, scope="openid api")
    sign_in(browser, alice)
    client.consented_by(alice, "api")
    answer = client.authorize(browser, redirect_uri=None, scope=scope)
    assert answer.location.startswith(client.redirect_uri + "?")
    assert answer.redirect_members["state"] == client.state
    assert client.redeem(answer.redirect_members["code"], redirect_uri=None).status == 200
    failed = client.authorize(browser, redirect_uri=None, scope=scope, prompt="unknown")
    assert failed.location.startswith(client.redirect_uri + "?error=")


def test_rfc6749_3_1_2_3_it_stays_left_out_while_a_person_is_asked(
    send: Send, browser: Browser, alice: object
) -> None:
    client = RelyingParty.register(send, "oidc-compat", scope="api")
    sign_in(browser, alice)
    started = client.authorize(
        browser, redirect_uri=None, scope="api", code_challenge=None, code_challenge_method=None
    )
    allowed = browser.post(
        started.location, csrf(browser.get(started.location)) | {"decision": "allow"}
    )
    assert allowed.location.startswith(client.redirect_uri + "?")
    code = allowed.redirect_members["code"]
    assert client.redeem(code, redirect_uri=None, code_verifier=None).status == 200


@pytest.mark.parametrize(
    ("redirect_uris", "scope"),
    [
        ([REDIRECT_URI, "https://client.example/other"], "api"),
        ([REDIRECT_URI], "openid"),
        ([REDIRECT_URI], "api openid"),
    ],
    ids=["two are registered", "OpenID Connect", "OpenID Connect and more"],
)
def test_otherwise_a_missing_redirect_uri_is_a_page(
    send: Send, browser: Browser, alice: object, redirect_uris: list[str], scope: str
) -> None:
    """Core section 3.1.2.1 requires it."""
    client = RelyingParty.register(send, scope="openid api", redirect_uris=redirect_uris)
    sign_in(browser, alice)
    client.consented_by(alice, "openid api")
    answer = client.authorize(browser, redirect_uri=None, scope=scope)
    assert (answer.status, answer.location) == (400, "")


def test_rfc8707_2_resource_is_ignored_once_and_twice(
    signed_in: Browser, web: RelyingParty
) -> None:
    once = urlencode(web.parameters()) + "&resource=https%3A%2F%2Fapi.example"
    for query in (once, once + "&resource=https%3A%2F%2Fother.example"):
        assert "code" in signed_in.request("GET", "/oauth2/authorize", query).redirect_members


def test_rfc9110_9_3_2_head_has_no_effect(
    signed_in: Browser, web: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scanners of links send it. A code, or a request that waits, would be one."""
    kept: list[object] = []
    monkeypatch.setattr(RedisCodes, "issue", lambda *_, **__: kept.append("a code"))
    monkeypatch.setattr(RedisInteractions, "store", lambda *_: kept.append("a request"))
    monkeypatch.setattr(RedisInteractions, "consume", lambda *_, **__: kept.append("an answer"))
    for path in ("/oauth2/authorize", "/oauth2/logout"):
        for query in (urlencode(web.parameters()), "resume=x", ""):
            answer = signed_in.request("HEAD", path, query)
            assert (answer.status, answer.location, answer.body) == (405, "", b"")
            assert answer.header("Allow") == "GET, POST"
    for page in ("/interaction/x", "/sign-out/x", "/accounts/logout/"):
        assert signed_in.request("HEAD", page).status == 405
    assert kept == []


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_repeated_client_or_uri_is_a_page(signed_in: Browser, web: RelyingParty, name: str) -> None:
    parameters = web.parameters()
    query = urlencode(parameters) + f"&{name}={quote(parameters[name], safe='')}"
    answer = signed_in.request("GET", "/oauth2/authorize", query)
    assert (answer.status, answer.location) == (400, "")


def test_unknown_parameters_are_ignored(signed_in: Browser, web: RelyingParty) -> None:
    assert "code" in web.authorize(signed_in, extra="x", display="popup").redirect_members


def test_empty_parameters_are_absent(signed_in: Browser, web: RelyingParty) -> None:
    assert "code" in web.authorize(signed_in, prompt="", max_age="").redirect_members


# --- prompt, max_age, hints -------------------------------------------------------------------


def test_prompt_none_without_a_session_is_login_required(
    browser: Browser, web: RelyingParty
) -> None:
    answer = web.authorize(browser, prompt="none")
    assert answer.redirect_members["error"] == "login_required"


def test_prompt_none_without_consent_is_consent_required(
    browser: Browser, web: RelyingParty, alice: object
) -> None:
    sign_in(browser, alice)
    assert web.authorize(browser, prompt="none").redirect_members["error"] == "consent_required"


def test_prompt_none_with_session_and_consent_is_silent(
    signed_in: Browser, web: RelyingParty
) -> None:
    assert "code" in web.authorize(signed_in, prompt="none").redirect_members


def test_prompt_none_for_more_scope_than_consented_is_consent_required(
    browser: Browser, web: RelyingParty, alice: object
) -> None:
    sign_in(browser, alice)
    web.consented_by(alice, "openid")
    assert web.authorize(browser, prompt="none").redirect_members["error"] == "consent_required"
    assert "code" in web.authorize(browser, prompt="none", scope="openid").redirect_members


def test_a_native_apps_stored_consent_does_not_count(
    send: Send, browser: Browser, alice: object
) -> None:
    native = RelyingParty.register(send, "native", redirect_uris=["http://127.0.0.1/cb"])
    native.redirect_uri = "http://127.0.0.1:51004/cb"
    sign_in(browser, alice)
    native.consented_by(alice)
    answer = native.authorize(browser, prompt="none")
    assert answer.location.startswith(native.redirect_uri)
    assert answer.redirect_members["error"] == "consent_required"


def test_prompt_login_asks_again(signed_in: Browser, web: RelyingParty) -> None:
    assert web.authorize(signed_in, prompt="login").location.startswith("/interaction/")


@pytest.mark.parametrize("max_age", ["0", "1"])
def test_small_max_age_asks_again(signed_in: Browser, web: RelyingParty, max_age: str) -> None:
    with time_machine.travel(time.time() + 2, tick=False):
        answer = web.authorize(signed_in, max_age=max_age)
    assert answer.location.startswith("/interaction/")


def test_max_age_0_asks_even_in_the_same_instant(
    browser: Browser, web: RelyingParty, alice: object
) -> None:
    with time_machine.travel(time.time(), tick=False):
        sign_in(browser, alice)
        web.consented_by(alice)
        assert web.authorize(browser, max_age="0").location.startswith("/interaction/")
        assert "code" in web.authorize(browser, max_age="1").redirect_members


def test_large_max_age_keeps_the_session(signed_in: Browser, web: RelyingParty) -> None:
    assert "code" in web.authorize(signed_in, max_age="10000").redirect_members


def test_id_token_hint_of_the_same_person(
    signed_in: Browser, web: RelyingParty, alice: object
) -> None:
    hint = web.tokens_for(alice)["id_token"]
    with time_machine.travel(time.time() + 3600, tick=True):
        answer = web.authorize(signed_in, prompt="none", id_token_hint=hint)
    assert "code" in answer.redirect_members


def test_id_token_hint_of_another_person_is_login_required(
    signed_in: Browser, web: RelyingParty
) -> None:
    hint = web.tokens_for(new_person())["id_token"]
    answer = web.authorize(signed_in, prompt="none", id_token_hint=hint)
    assert answer.redirect_members["error"] == "login_required"


def test_an_access_token_is_no_id_token_hint(
    signed_in: Browser, web: RelyingParty, alice: object
) -> None:
    hint = web.tokens_for(alice)["access_token"]
    answer = web.authorize(signed_in, id_token_hint=hint)
    assert answer.redirect_members["error"] == "invalid_request"


# --- sign-out ---------------------------------------------------------------------------------


def test_3_1_2_6_after_the_end_elsewhere_login_comes_before_consent(
    browser: Browser, web: RelyingParty, alice: object
) -> None:
    from oidc.stores.redis import sign_ons

    sign_in(browser, alice)
    assert web.authorize(browser, prompt="none").redirect_members["error"] == "consent_required"
    sign_ons.end_all(str(alice.pk))
    assert web.authorize(browser, prompt="none").redirect_members["error"] == "login_required"


def test_an_essential_acr_is_no_matter_of_a_session_that_ended_elsewhere(
    signed_in: Browser, web: RelyingParty, alice: object
) -> None:
    """The person signs in anew, and may be stronger then."""
    from oidc.stores.redis import sign_ons

    claims = '{"id_token":{"acr":{"essential":true,"value":"urn:gatehouse:acr:mfa"}}}'
    refused = web.authorize(signed_in, claims=claims)
    assert refused.redirect_members["error"] == "unmet_authentication_requirements"
    sign_ons.end_all(str(alice.pk))
    assert web.authorize(signed_in, claims=claims).location.startswith("/interaction/")


def test_a_session_ended_elsewhere_is_no_session(
    signed_in: Browser, web: RelyingParty, alice: object
) -> None:
    from oidc.stores.redis import sign_ons

    assert "code" in web.authorize(signed_in, prompt="none").redirect_members
    sign_ons.end_all(str(alice.pk))
    answer = web.authorize(signed_in, prompt="none")
    assert answer.redirect_members["error"] == "login_required"
