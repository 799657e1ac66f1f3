"""An issuer with a path. RFC 8414 section 3.1; OpenID Connect Discovery 1.0 section 4.1."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from django.urls import reverse

from authserver.issuer import validated_issuer
from authserver.local.ports import free_base_port
from oidc.doors.mount import MountedBelow
from tests.support.doors import Answer, Browser, Send
from tests.support.server import Installation, Person, install, running
from tests.support.signing_out import HIDDEN_FIELD


def path_seen_by_the_door(requested: str) -> str:
    seen: list[str] = []
    door = MountedBelow(lambda environ, _: seen.append(environ["PATH_INFO"]) or [], "/id")
    door({"PATH_INFO": requested}, lambda *_: None)
    return seen[0]


@pytest.mark.parametrize(
    ("requested", "seen"),
    [
        ("/id/oauth2/token", "/oauth2/token"),
        ("/oauth2/token", "/oauth2/token"),
        ("/identity/x", "/identity/x"),
        ("/id", "/id"),
        ("/id/.well-known/openid-configuration", "/.well-known/openid-configuration"),
        ("/.well-known/openid-configuration/id", "/.well-known/openid-configuration"),
        ("/.well-known/oauth-authorization-server/id", "/.well-known/oauth-authorization-server"),
    ],
)
def test_the_path_is_taken_off_or_inserted(requested: str, seen: str) -> None:
    assert path_seen_by_the_door(requested) == seen


def test_links_have_the_path_in_a_thread_that_has_shown_no_page_of_django() -> None:
    door = MountedBelow(lambda *_: [reverse("account_home").encode()], "/id")
    with ThreadPoolExecutor(1) as fresh_thread:
        link = fresh_thread.submit(door, {"PATH_INFO": "/id/x"}, lambda *_: None).result()
    assert link == [b"/id/accounts/"]


ISSUER = "https://sign-in.example/id"
CLIENT = "https://client.example"
AS_PASSED_ON = {
    "Host": "sign-in.example",
    "X-Forwarded-For": "203.0.113.7",
    "Sec-Fetch-Site": "same-origin",
}
ASSET = re.compile(r'<(?:link|script|img)[^>]* (?:href|src)="(/[^"]*)"')
LINK = re.compile(r'<a[^>]* href="(/[^"]*)"')


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation whose issuer has a path, not running yet."""
    allowed = {"GATEHOUSE_REDIS_PLAINTEXT": "allow", "TRUSTED_PROXIES": "127.0.0.1"}
    made = install(tmp_path_factory.mktemp("path"), ISSUER, os.environ["REDIS_URL"], **allowed)
    made.manage("migrate", "--verbosity", "0")
    return made


@pytest.fixture(scope="module")
def behind_a_proxy(installation: Installation) -> Iterator[Send]:
    """The server of production behind a proxy that passes on what is below the issuer's path."""
    base_url = f"http://127.0.0.1:{free_base_port(1)}"

    def send(method: str, path: str, query: str, body: bytes, headers: dict[str, str]) -> Answer:
        if not path.startswith("/id/"):
            return Answer(404, [], b"not for Gatehouse")
        answer = requests.request(
            method,
            f"{base_url}{path}" + (f"?{query}" if query else ""),
            data=body,
            headers=headers | AS_PASSED_ON,
            allow_redirects=False,
            timeout=10,
        )
        pairs = [(name, value) for name, value in answer.raw.headers.items()]
        return Answer(answer.status_code, pairs, answer.content)

    with running(installation.server(base_url)):
        yield send


def assert_everything_is_there(browser: Browser, page: Answer) -> list[str]:
    """Fetch what a page loads, through the proxy. Returns the addresses."""
    assets = ASSET.findall(page.text)
    assert any(name.endswith(".css") for name in assets), page.text
    for address in assets:
        assert browser.get(address).status == 200, address
    for address in LINK.findall(page.text):
        assert address.startswith("/id/"), address
    return assets


def log_in(browser: Browser, page: Answer, url: str, person: Person) -> Answer:
    fields = dict(HIDDEN_FIELD.findall(page.text))
    answer = browser.post(url, fields | {"login": person.username, "password": person.password})
    return browser.follow(answer)


@pytest.fixture
def client(installation: Installation) -> dict[str, Any]:
    uris = ["--redirect-uri", f"{CLIENT}/cb", "--frontchannel-logout-uri", f"{CLIENT}/out"]
    return installation.create_client("web", *uris, "--trusted")


def test_pages_find_their_style_sheets_and_scripts(
    behind_a_proxy: Send, installation: Installation, client: dict[str, Any]
) -> None:
    """One sign-in and sign-out: the log-in page, form_post, the frames of front-channel logout."""
    browser = Browser(behind_a_proxy)
    request = {
        "response_type": "code",
        "response_mode": "form_post",
        "client_id": client["client_id"],
        "redirect_uri": f"{CLIENT}/cb",
        "scope": "openid",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    answer = browser.get("/id/oauth2/authorize", **request)
    while answer.location:
        url = answer.location
        answer = browser.get(url)
    assert_everything_is_there(browser, answer)
    form_post = log_in(browser, answer, url, installation.new_person())
    assert "/id/static/oidc/form_post.js" in assert_everything_is_there(browser, form_post)
    asked = browser.follow(browser.get("/id/accounts/logout/"))
    assert_everything_is_there(browser, asked)
    fields = dict(HIDDEN_FIELD.findall(asked.text))
    frames = browser.follow(browser.post("/id/accounts/logout/", fields))
    assert f"{CLIENT}/out" in frames.text
    assert "/id/static/oidc/signing_out.js" in assert_everything_is_there(browser, frames)


def test_a_page_of_the_protocol_door_may_be_the_first(behind_a_proxy: Send) -> None:
    browser = Browser(behind_a_proxy)
    page = browser.get("/id/oauth2/authorize", client_id="nobody")
    assert page.status == 400
    assert_everything_is_there(browser, page)


def test_every_address_is_below_the_path(behind_a_proxy: Send) -> None:
    metadata = Browser(behind_a_proxy).get("/id/.well-known/openid-configuration").json()
    addresses = {
        name: value
        for name, value in metadata.items()
        if isinstance(value, str) and value.startswith("https:")
    }
    assert metadata["issuer"] == ISSUER
    assert len(addresses) > 5
    assert all(value.startswith(ISSUER) for value in addresses.values())


@pytest.mark.parametrize(
    "issuer",
    [
        "http://sign-in.example.com",
        "https://sign-in.example.com/",
        "https://sign-in.example.com?x",
        "https://sign-in.example.com#x",
        "https://user@sign-in.example.com",
        "https://[sign-in.example.com",
        "https://sign-in.example.com:99999",
        "sign-in.example.com",
        "",
    ],
)
def test_2_what_cannot_be_an_issuer_stops_the_start(issuer: str) -> None:
    from django.core.exceptions import ImproperlyConfigured

    with pytest.raises(ImproperlyConfigured, match="GATEHOUSE_ISSUER"):
        validated_issuer(issuer)
