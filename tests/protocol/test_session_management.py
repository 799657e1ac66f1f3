"""OpenID Connect Session Management 1.0: the state, the cookie, the script that compares."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from oidc.logout.browser_state import browser_state, session_state
from tests.support.doors import Browser, Send
from tests.support.relying_party import RelyingParty, sign_in
from tests.support.signing_out import confirm, log_out, register, signed_in_through

COOKIE = "gatehouse_browser_state"
SEEN = f"{COOKIE}_seen"
SCRIPT = Path(str(finders.find("oidc/check_session.js")))


def expected(client_id: str, origin: str, browser_state: str, salt: str) -> str:
    """Compute as section 3.2 of the specification does."""
    text = " ".join((client_id, origin, browser_state, salt))
    return f"{hashlib.sha256(text.encode()).hexdigest()}.{salt}"


# --- Section 2: session_state ---------------------------------------------------------------------


def test_2_a_response_has_the_state_that_the_cookie_gives(
    browser: Browser, web: RelyingParty, alice: Any
) -> None:
    sign_in(browser, alice)
    web.consented_by(alice)
    state = web.authorize(browser).redirect_members["session_state"]
    salt = state.partition(".")[2]
    assert " " not in state
    assert state == expected(web.client_id, "https://client.example", browser.cookies[COOKIE], salt)


@pytest.mark.parametrize(
    ("redirect_uri", "origin"),
    [
        ("https://client.example/a/b?c=d", "https://client.example"),
        ("https://client.example:443/cb", "https://client.example"),
        ("https://CLIENT.example:8443/cb", "https://client.example:8443"),
        ("http://localhost:3000/cb", "http://localhost:3000"),
        ("http://127.0.0.1/cb", "http://127.0.0.1"),
        ("http://localhost:80/cb", "http://localhost"),
    ],
)
def test_2_the_origin_is_as_browsers_write_it(redirect_uri: str, origin: str) -> None:
    state = session_state("client", redirect_uri, "sid")
    assert state == expected("client", origin, browser_state("sid"), state.partition(".")[2])


def test_2_no_two_states_are_alike(browser: Browser, web: RelyingParty, alice: Any) -> None:
    sign_in(browser, alice)
    web.consented_by(alice)
    states = {web.authorize(browser).redirect_members["session_state"] for _ in range(3)}
    assert len(states) == 3


def test_2_it_is_there_after_the_pages_too(browser: Browser, web: RelyingParty, alice: Any) -> None:
    sign_in(browser, alice)
    answer = web.authorize(browser)
    page = browser.get(answer.location)
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', page.text).group(1)
    back = browser.post(answer.location, {"csrfmiddlewaretoken": token, "decision": "allow"})
    state = back.redirect_members["session_state"]
    assert state == expected(
        web.client_id,
        "https://client.example",
        browser.cookies[COOKIE],
        state.partition(".")[2],
    )


def test_2_without_openid_and_without_a_web_origin_there_is_none(
    send: Send, browser: Browser, alice: Any
) -> None:
    sign_in(browser, alice)
    oauth = RelyingParty.register(send, scope="api")
    oauth.scope = "api"
    oauth.consented_by(alice)
    assert "session_state" not in oauth.authorize(browser).redirect_members
    assert session_state("client", "com.example.app:/cb", "sid") == ""


# --- Section 3.1: the state of the browser --------------------------------------------------------


def test_3_1_the_cookie_changes_with_the_session_and_goes_with_it(
    browser: Browser, send: Send, alice: Any
) -> None:
    client = register(send)
    hint = signed_in_through(browser, client, alice)["id_token"]
    first = browser.cookies[COOKIE]
    signed_in_through(browser, register(send), alice)
    browser.get("/accounts/")
    assert browser.cookies[COOKIE] == first
    log_out(browser, id_token_hint=hint)
    assert COOKIE not in browser.cookies
    signed_in_through(browser, client, alice)
    assert browser.cookies[COOKIE] != first


def test_3_1_another_cookie_that_tells_nothing_at_all_stays(browser: Browser, alice: Any) -> None:
    """So that the script can tell a sign-out from a browser that hides our cookies."""
    assert SEEN not in browser.cookies
    sign_in(browser, alice)
    page = browser.get("/accounts/logout/")
    assert browser.cookies[SEEN] == "been-here"
    del browser.cookies[SEEN]  # as in a browser that signed in to an older release
    confirm(browser, page, "/accounts/logout/")
    assert (COOKIE in browser.cookies, browser.cookies[SEEN]) == (False, "been-here")


@pytest.mark.parametrize("path", ["/accounts/logout/", "/accounts/sign-out-everywhere/"])
def test_3_1_every_way_out_takes_the_cookie_along(browser: Browser, alice: Any, path: str) -> None:
    sign_in(browser, alice)
    page = browser.get(path)
    assert COOKIE in browser.cookies
    confirm(browser, page, path)
    assert COOKIE not in browser.cookies


def test_3_1_the_cookie_tells_nothing(browser: Browser, alice: Any) -> None:
    sign_in(browser, alice)
    answer = browser.get("/accounts/")
    cookies = [value.strip() for name, value in answer.headers if name.lower() == "set-cookie"]
    cookie, seen = [cookie for cookie in cookies if cookie.startswith(COOKIE)]
    for readable in (cookie, seen):
        assert "HttpOnly" not in readable
        assert "SameSite=Lax" in readable
    assert seen.startswith(f"{SEEN}=been-here;")
    assert str(alice.pk) not in cookie
    assert browser.cookies[settings.SESSION_COOKIE_NAME] not in cookie


# --- Section 3.2: the iframe ----------------------------------------------------------------------


def test_3_2_the_page_can_be_framed_and_names_script_and_cookie(browser: Browser) -> None:
    metadata = browser.get("/.well-known/openid-configuration").json()
    page = browser.get(metadata["check_session_iframe"])
    assert page.status == 200
    assert page.header("X-Frame-Options") == ""
    assert page.header("Content-Security-Policy") == (
        "default-src 'none'; script-src 'self'; base-uri 'none'"
    )
    assert 'src="/static/oidc/check_session.js"' in page.text
    assert f'data-cookie="{COOKIE}"' in page.text
    assert page.header("Set-Cookie") == ""


ES5_ONLY = re.compile(r"=>|`|\b(let|const|class|async|await|of)\b|\.\.\.|\bcrypto\b")


def test_3_2_the_script_is_plain_es5() -> None:
    code = re.sub(r"//.*", "", SCRIPT.read_text())
    assert ES5_ONLY.findall(code) == []


NODE = shutil.which("node")
HARNESS = """
const fs = require("fs"), vm = require("vm");
const [script, questions] = [process.argv[1], JSON.parse(fs.readFileSync(0))];
const answers = questions.map(({cookies, message, origin}) => {
  let receive, answer = null;
  const page = {
    document: {
      cookie: cookies,
      getElementById: () => ({getAttribute: () => "gatehouse_browser_state"}),
    },
    window: {addEventListener: (_, handler) => { receive = handler; }},
  };
  vm.runInNewContext(fs.readFileSync(script, "utf8"), page);
  const source = {postMessage: (text, target) => { answer = [text, target]; }};
  receive({data: message, origin, source});
  return answer;
});
process.stdout.write(JSON.stringify(answers));
"""


def ask(*questions: dict[str, Any]) -> list[Any]:
    """Put questions to the script, in an engine that runs it."""
    done = subprocess.run(
        [str(NODE), "-e", HARNESS, str(SCRIPT)],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


needs_node = pytest.mark.skipif(NODE is None, reason="the browser test runs the script as well")
ORIGIN = "https://client.example"


@needs_node
def test_3_2_unchanged_changed_error() -> None:
    state = expected("client", ORIGIN, "state-1", "salt")

    def question(cookies: str, message: Any, origin: str = ORIGIN) -> dict[str, Any]:
        return {"cookies": cookies, "message": message, "origin": origin}

    signed_in = f"other=1; {COOKIE}=state-1; last=2"
    unchanged = f"client {state}"
    errors = ["client", "client ", " x.y", "client x", "client .y", "client x.", "a b c.d", 5, None,
              "cliënt x.y", f"{unchanged} ", ""]  # fmt: skip
    answers = ask(
        question(signed_in, unchanged),
        question(signed_in.replace("state-1", "state-2"), unchanged),
        question(f"other=1; {SEEN}=been-here", unchanged),
        question(signed_in, unchanged, "https://evil.example"),
        question(signed_in, unchanged, "null"),
        *(question(signed_in, message) for message in errors),
    )
    assert answers == [
        ["unchanged", ORIGIN],
        ["changed", ORIGIN],
        ["changed", ORIGIN],
        ["changed", "https://evil.example"],
        None,
        *([["error", ORIGIN]] * len(errors)),
    ]


@needs_node
@pytest.mark.parametrize("cookies", ["", "other=1", f"x{SEEN}=1", f"{SEEN}=", f"{COOKIE}="])
def test_3_1_it_cannot_tell_where_the_browser_hides_our_cookies(cookies: str) -> None:
    """`changed` would send the app to `prompt=none`, which brings it a new state, for ever."""
    message = f"client {expected('client', ORIGIN, 'state-1', 'salt')}"
    assert ask({"cookies": cookies, "message": message, "origin": ORIGIN}) == [["error", ORIGIN]]


@needs_node
def test_3_2_the_script_hashes_like_everybody_else() -> None:
    """Every length across the blocks of SHA-256, over what client ids and salts are made of."""
    printable = "".join(map(chr, range(0x21, 0x7F)))
    questions = []
    for length in range(1, 150):
        client_id, salt = (printable * 2)[:length], (printable[::-1] * 2)[: 150 - length]
        state = expected(client_id, ORIGIN, "state", salt)
        message = f"{client_id} {state}"
        questions.append({"cookies": f"{COOKIE}=state", "message": message, "origin": ORIGIN})
    assert ask(*questions) == [["unchanged", ORIGIN]] * len(questions)
