"""Authorization requests of an attacker. RFC 9700 sections 2.1, 4.1 and 4.11; RFC 8252 section 7.3.

Nobody is ever redirected to an address that is not registered, whatever is tried.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.battery import FORM_HEADERS, MARKER, assert_refused
from tests.support.doors import Browser, Send
from tests.support.relying_party import ISSUER, REDIRECT_URI, RelyingParty, sign_in

FUNCTION_SCOPED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@pytest.fixture
def signed_in(browser: Browser, web: RelyingParty, alice: object) -> Browser:
    """A browser that alice is signed in with; she allowed `web` before."""
    sign_in(browser, alice)
    web.consented_by(alice)
    return browser


@pytest.fixture
def native(send: Send) -> RelyingParty:
    uris = ["http://127.0.0.1/cb", "http://[::1]/cb", "com.example.app:/cb"]
    client = RelyingParty.register(send, "native", redirect_uris=uris)
    client.redirect_uri = uris[0]
    return client


TRICKS = [
    "https://client.example/cb/..",
    "https://client.example/cb/../cb",
    "https://client.example/./cb",
    "https://client.example/cb/%2e%2e/evil",
    "https://client.example/x/%2e%2e/cb",
    "https://client.example//cb",
    "https://client.example/cb;x",
    "https://client.example/cb?",
    "https://client.example/cb#",
    "https://client.example/cb%00",
    "https://client.example/cb%20",
    "https://client.example/cb ",
    " https://client.example/cb",
    "https://client.example./cb",
    "https://CLIENT.example/cb",
    "https://client.example:/cb",
    "https://client.example:0443/cb",
    "https://client.example:80/cb",
    "https://:@client.example/cb",
    "https://client.example@evil.example/cb",
    "https://client.example:443@evil.example/cb",
    "https://evil.example/https://client.example/cb",
    "https://evil.example?https://client.example/cb",
    "https://evil.example#https://client.example/cb",
    "https://evil.example\\@client.example/cb",
    "https://client.example\\.evil.example/cb",
    "https:\\\\client.example\\cb",
    "https:/client.example/cb",
    "https:client.example/cb",
    "https:///client.example/cb",
    "https://client.example%2f.evil.example/cb",
    "https://client.example%5c.evil.example/cb",
    "https://client.example\u3002evil.example/cb",
    "https://cl\u0456ent.example/cb",
    "https://client\u00ad.example/cb",
    "https://xn--clent-q4e.example/cb",
    "https://client.example/cb\u200b",
    "https://client.example/%c3%a9",
    "https://[::1]/cb",
    "http://127.0.0.1:8080/cb",
    "data:text/html,x",
    "JaVaScRiPt:alert(1)",
    "x" * 10_000,
]


def test_rfc9700_2_1_only_the_registered_uri(signed_in: Browser, web: RelyingParty) -> None:
    for redirect_uri in TRICKS:
        for prompt in (None, "unheard of"):
            answer = web.authorize(signed_in, redirect_uri=redirect_uri, prompt=prompt)
            assert (answer.status, answer.location) == (400, ""), redirect_uri
            assert_refused(answer)


LOOPBACK_TRICKS = [
    "http://127.0.0.1:/cb",
    "http://127.0.0.1:65536/cb",
    "http://127.0.0.1:999999/cb",
    "http://127.0.0.1:-1/cb",
    "http://127.0.0.1:80 /cb",
    "http://127.0.0.1:\u0668\u0660/cb",
    "http://127.0.0.1:80/cb/",
    "http://127.0.0.1:80/CB",
    "http://127.0.0.1:80/../cb",
    "http://127.0.0.1:80/cb#x",
    "http://127.0.0.1:80@evil.example/cb",
    "http://127.0.0.1@evil.example/cb",
    "http://127.0.0.1.evil.example/cb",
    "http://127.0.0.1\\@evil.example/cb",
    "http://127.0.0.11/cb",
    "http://127.1/cb",
    "http://2130706433/cb",
    "http://0x7f.0.0.1/cb",
    "http://localhost:8080/cb",
    "http://[::1]:x/cb",
    "http://[::1]evil.example/cb",
    "http://[0:0:0:0:0:0:0:1]/cb",
    "http://[::ffff:127.0.0.1]/cb",
    "https://127.0.0.1/cb",
    "HTTP://127.0.0.1/cb",
    "com.example.app://cb",
    "com.example.app:/cb2",
    "com.example.evil:/cb",
]


def test_rfc8252_7_3_loopback_differs_by_its_port_only(
    browser: Browser, native: RelyingParty
) -> None:
    for redirect_uri in LOOPBACK_TRICKS:
        answer = native.authorize(browser, redirect_uri=redirect_uri, prompt="none")
        assert (answer.status, answer.location) == (400, ""), redirect_uri
        assert_refused(answer)


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "http://127.0.0.1/cb",
        "http://127.0.0.1:1/cb",
        "http://[::1]:65535/cb",
        "com.example.app:/cb",
    ],
)
def test_rfc8252_7_3_any_port_of_a_loopback_address(
    browser: Browser, native: RelyingParty, redirect_uri: str
) -> None:
    answer = native.authorize(browser, redirect_uri=redirect_uri, prompt="none")
    assert answer.location.startswith(redirect_uri + "?error=login_required")


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """The registered URI with a few characters put in, taken out or replaced."""
    uri = REDIRECT_URI
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(uri)))
        end = draw(st.integers(start, min(start + 2, len(uri))))
        uri = (
            uri[:start] + draw(st.text("/\\@:?#%.;& 0aA\u3002\u0130\u017f", max_size=3)) + uri[end:]
        )
    return uri


@given(redirect_uri=mutations())
@settings(max_examples=100, deadline=None, suppress_health_check=FUNCTION_SCOPED)
def test_rfc9700_2_1_no_mutation_is_redirected_to(
    browser: Browser, web: RelyingParty, redirect_uri: str
) -> None:
    answer = web.authorize(browser, redirect_uri=redirect_uri, prompt="none")
    if redirect_uri == REDIRECT_URI:
        assert answer.status == 303
    else:
        assert_refused(answer, 400)


@given(
    changes=st.dictionaries(
        st.sampled_from(
            [
                "scope", "nonce", "prompt", "max_age", "login_hint", "acr_values", "ui_locales",
                "code_challenge", "code_challenge_method", "response_type", "response_mode",
                "display", "claims", "id_token_hint", "extra",
            ]
        ),
        st.text(max_size=50) | st.sampled_from(["none", "S256", "fragment", "0", "openid"]),
        max_size=5,
    ),
    state=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=50),
)  # fmt: skip
@settings(max_examples=100, deadline=None, suppress_health_check=FUNCTION_SCOPED)
def test_3_1_2_6_every_other_error_keeps_state_and_iss(
    send: Send, web: RelyingParty, changes: dict[str, str], state: str
) -> None:
    """Over POST, so that cookies of another request play no part."""
    body = urlencode(web.parameters(**changes) | {"state": state}, errors="surrogatepass").encode()
    answer = send("POST", "/oauth2/authorize", "", body, FORM_HEADERS)
    if answer.status == 303 and answer.location.startswith(REDIRECT_URI):
        members = assert_refused(answer, redirected_to=REDIRECT_URI)
        assert members["iss"] == ISSUER
        assert members.get("state", "") == state
    elif answer.status != 303 and answer.status != 200:
        assert_refused(answer, 400)


# --- Where nothing may be consumed, shown or set --------------------------------------------------


@pytest.mark.parametrize(
    "state", [MARKER, "%0d%0aSet-Cookie: a=b", "\u2028", "\U0001f600", "a&b=c"]
)
def test_state_comes_back_as_it_was_and_nothing_else(
    signed_in: Browser, web: RelyingParty, state: str
) -> None:
    answer = web.authorize(signed_in, state=state)
    assert answer.redirect_members["state"] == state
    assert set(answer.redirect_members) == {"code", "state", "iss", "session_state"}
    assert "\n" not in str(answer.headers)
    assert answer.header("Set-Cookie").partition("=")[0] in ("", "gatehouse_browser_state")


def test_resuming_somebody_elses_interaction_leaves_it_alone(
    send: Send, browser: Browser, web: RelyingParty
) -> None:
    waiting = web.authorize(browser)
    interaction_id = waiting.location.rpartition("/")[2]
    assert_refused(Browser(send).get("/oauth2/authorize", resume=interaction_id), 400)
    assert browser.get(waiting.location).status == 302


@pytest.mark.parametrize("resume", ["x", "{", "}", "{}", "{x}", "é", "a" * 5000, "../x", "*"])
def test_resuming_nothing(browser: Browser, resume: str) -> None:
    assert_refused(browser.get("/oauth2/authorize", resume=resume), 400)


def test_an_interaction_is_no_resumption_and_a_resumption_no_interaction(
    send: Send, browser: Browser, web: RelyingParty
) -> None:
    web.authorize(browser)
    body = urlencode(web.parameters()).encode()
    resumption = send("POST", "/oauth2/authorize", "", body, FORM_HEADERS).location
    kept = resumption.rpartition("=")[2]
    assert browser.get(f"/interaction/{kept}").status == 400
    assert browser.get(resumption).location.startswith("/interaction/")


@pytest.mark.parametrize(
    "cookie",
    ["gatehouse_session", "gatehouse_session=", "gatehouse_session=\xff; ;;=;", "=x", "x" * 8000,
     "gatehouse_session=" + "s" * 4000, "gatehouse_session={x}", "gatehouse_browser-1=\xe9"],
    ids=lambda cookie: ascii(cookie)[:40],
)  # fmt: skip
def test_odd_cookies_are_nobodys(send: Send, web: RelyingParty, cookie: str) -> None:
    query = urlencode(web.parameters(prompt="none"))
    answer = send("GET", "/oauth2/authorize", query, b"", {"Cookie": cookie})
    assert answer.redirect_members["error"] == "login_required"
    query = urlencode(web.parameters())
    answer = send("GET", "/oauth2/authorize", query, b"", {"Cookie": cookie})
    assert answer.location.startswith("/interaction/")


def test_a_client_without_the_code_flow_cannot_start_one(
    send: Send, browser: Browser, machine: RelyingParty
) -> None:
    answer = browser.get("/oauth2/authorize", client_id=machine.client_id, response_type="code")
    assert_refused(answer, 400)
    query = f"client_id={quote(machine.client_id)}&redirect_uri={quote(REDIRECT_URI, safe='')}"
    assert_refused(send("GET", "/oauth2/authorize", query, b"", {}), 400)
