"""No log at any level tells what opens something: the server's at DEBUG, and the sample app's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.support.plain_browser import PlainBrowser
from tests.support.stack import Stack

pytestmark = pytest.mark.xdist_group("stack")

REDIRECT_URI = "http://localhost:9999/callback"
VERIFIER = "a-code-verifier-that-must-not-be-logged-0123456789"
CHALLENGE = "rQy79hflPDGeK_N9c9543LUi9YmPqwcQ3Two4I9urWA"
WAIT_SECONDS = 5


def test_a_sign_in_and_its_failures_leave_no_secret_in_the_logs(stack: Stack) -> None:
    client = stack.create_client("web", "--redirect-uri", REDIRECT_URI)
    credentials = (client["client_id"], client["client_secret"])
    person = stack.new_person()
    browser = PlainBrowser(person)
    code = _code(browser.authorize(_authorization_url(stack, client["client_id"]), REDIRECT_URI))
    endpoint = f"{stack.issuer}/oauth2/token"
    redemption = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
    }
    first = _post(endpoint, redemption, credentials)
    second = _post(
        endpoint,
        {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]},
        credentials,
    )
    _post(f"{stack.issuer}/oauth2/introspect", {"token": second["access_token"]}, credentials)
    _post(f"{stack.issuer}/oauth2/revoke", {"token": second["refresh_token"]}, credentials)
    # And all that fails, because a failure is what tempts to log more.
    for secret in (client["client_secret"], "a-wrong-secret-0123456789"):
        assert _post(endpoint, redemption, (client["client_id"], secret))["error"]
    requests.get(
        f"{stack.issuer}/oauth2/userinfo",
        headers={"Authorization": f"Bearer {second['access_token']}x"},
        timeout=10,
    )
    app_code = _sign_in_to_the_sample_app(browser, stack)

    secrets = {
        "password": person.password,
        "client secret": client["client_secret"],
        "wrong client secret": "a-wrong-secret-0123456789",
        "code verifier": VERIFIER,
        "code": code,
        "the sample app's code": app_code,
        **{f"cookie {cookie.name}": cookie.value for cookie in browser.session.cookies},
        **dict(_parts_of_tokens("first", first)),
        **dict(_parts_of_tokens("second", second)),
    }
    log = _server_log(stack)
    assert client["client_id"] in log
    assert '"level":"debug"' in log
    log += (stack.installation.directory / "app-1.log").read_text()
    assert [name for name, secret in secrets.items() if secret in log] == []


def _authorization_url(stack: Stack, client_id: str) -> str:
    request = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": "openid profile offline_access",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    url = requests.Request("GET", f"{stack.issuer}/oauth2/authorize", params=request).prepare().url
    assert url
    return url


def _code(answer: str) -> str:
    return parse_qs(urlsplit(answer).query)["code"][0]


def _post(url: str, form: dict[str, str], credentials: tuple[str, str]) -> dict[str, str]:
    answer = requests.post(url, data=form, auth=credentials, timeout=10)
    return answer.json() if answer.content else {}


def _sign_in_to_the_sample_app(browser: PlainBrowser, stack: Stack) -> str:
    """Sign in, and then come to the callback a second time, which fails."""
    callback = browser.authorize(f"{stack.app_url}/sign-in", f"{stack.app_url}/callback")
    assert browser.session.get(callback).status_code == 200
    assert browser.session.get(callback).status_code == 400
    return _code(callback)


def _parts_of_tokens(name: str, tokens: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Name what must not show: a JWT's signature makes it whole, a refresh token is one piece."""
    for member in ("access_token", "id_token", "refresh_token"):
        yield f"{name} {member}", tokens[member].rpartition(".")[2]


def _server_log(stack: Stack) -> str:
    """Return the server's log, once it has come to what was asked last: it is written later."""
    last = requests.get(f"{stack.issuer}/.well-known/jwks.json", timeout=10)
    (path,) = stack.installation.directory.glob("server-*.log")
    deadline = time.monotonic() + WAIT_SECONDS
    while last.headers["X-Request-Id"] not in (log := path.read_text()):
        assert time.monotonic() < deadline, "the log does not come to the last request"
        time.sleep(0.05)
    return log
