"""Malformed requests at the pages for people: a page or a 4xx, never a 500."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.protocol.test_interaction_pages import csrf
from tests.support.battery import FORM_HEADERS, MARKER
from tests.support.doors import FORM, Answer, Browser, Send
from tests.support.relying_party import RelyingParty, sign_in

PAGES = (
    "/",
    "/accounts/",
    "/accounts/login/",
    "/accounts/logout/",
    "/accounts/reauthenticate/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/password/reset/",
    "/admin/",
    "/admin/login/",
    "/health/live",
    "/health/ready",
    "/metrics",
    "/interaction/x",
    "/nowhere",
)
ODD_IDS = {
    "NUL": "\x00",
    "line break": "a\r\nSet-Cookie: x=y",
    "invalid UTF-8": "\xff\xfe",
    "UTF-8": "\xc3\xa9",
    "braces": "{x}",
    "one brace": "}",
    "star": "*",
    "dots": "..",
    "huge": "a" * 10_000,
    "markup": "<script>alert(1)</script>",
    "percent": "%00%ff",
    "space": " ",
    "semicolon": "x;y",
}


def assert_answered(answer: Answer) -> None:
    assert answer.status < 500, (answer.status, answer.body[:500])
    assert answer.header("X-Request-Id")
    assert "\n" not in answer.location
    assert MARKER not in answer.header("Set-Cookie")


@pytest.mark.parametrize("odd", ODD_IDS.values(), ids=ODD_IDS)
def test_odd_paths(send: Send, web: RelyingParty, odd: str) -> None:
    browser = Browser(send)
    web.authorize(browser)
    for folder in ("/interaction/", "/accounts/", "/admin/", "/static/", "/"):
        answer = browser.request("GET", folder + odd)
        assert_answered(answer)
        assert "<script>alert" not in answer.body.decode(errors="replace")
    assert browser.request("GET", f"/interaction/{odd}").status in (400, 404)


QUERIES = {
    "NUL": "next=%00&login=%00",
    "invalid UTF-8": "next=%ff&x=%fe",
    "raw bytes": "next=\xff\xfe",
    "line break": "next=%0d%0aSet-Cookie:%20x=y",
    "many": "&".join(f"p{n}=1" for n in range(3000)),
    "huge": "next=" + "x" * 100_000,
    "interaction of nobody": "next=/interaction/x",
    "interaction NUL": "next=/interaction/%00",
    "interaction with a query": "next=/interaction/x%3Fa=b",
    "interaction of a path": "next=/interaction/../../x",
    "another host": "next=//evil.example/interaction/x",
    "script": "next=javascript:alert(1)",
    "backslash": "next=/%5cevil.example",
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_odd_queries(send: Send, alice: object, query: str) -> None:
    visitor, alices = Browser(send), Browser(send)
    sign_in(alices, alice)
    for page in PAGES:
        for browser in (visitor, alices):
            answer = browser.request("GET", page, query)
            assert_answered(answer)
            assert not answer.location.startswith(("//", "/\\", "http", "javascript:"))


def test_a_request_that_cannot_be_read_gets_a_page_with_its_reference(browser: Browser) -> None:
    for path in ("/accounts/login/", "/nowhere"):
        answer = browser.request("GET", path, QUERIES["many"])
        assert answer.status == 400
        assert answer.header("X-Request-Id") in answer.text
        assert "not understood" in answer.text


BODIES = {
    "NUL": b"login=%00&password=%00&decision=%00&email=%00",
    "raw NUL": b"login=\x00&password=\x00",
    "invalid UTF-8": b"login=%ff&password=%fe&email=%ff",
    "raw invalid UTF-8": b"login=\xff&password=\xfe",
    "surrogates": b"login=%ed%a0%80&password=%ed%a0%80",
    "line breaks": b"login=a%0d%0ab&password=a%0d%0ab&email=a%0d%0aBcc:x@example.com",
    "repeated": b"login=a&login=b&password=a&password=b",
    "many": b"&".join(b"p%d=1" % n for n in range(5000)),
    "huge value": b"login=" + b"x" * 100_000 + b"&password=x",
    "huge password": b"login=x&password=" + b"x" * 1_000_000,
    "huge body": b"x" * 3_000_000,
    "empty": b"",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_odd_forms(send: Send, alice: object, body: bytes) -> None:
    """Once without the CSRF token, and once behind it."""
    visitor, alices = Browser(send), Browser(send)
    sign_in(alices, alice)
    token = urlencode(csrf(visitor.get("/accounts/login/"))).encode()
    alices.cookies["gatehouse_csrf"] = visitor.cookies["gatehouse_csrf"]
    for page in PAGES:
        for browser in (visitor, alices):
            assert_answered(browser.request("POST", page, "", body, FORM_HEADERS))
            sent = token + b"&" + body
            assert_answered(browser.request("POST", page, "", sent, FORM_HEADERS))
    assert alices.get("/accounts/").status == 200 or "gatehouse_session" not in alices.cookies


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=a\r\n"),
        ("multipart/form-data; boundary=" + "x" * 300, b"x"),
        ("multipart/form-data; boundary=\xff", b"x"),
        ("application/json", b"{"),
        (FORM + "; charset=utf-7", b"login=+AGE-"),
        (FORM + "; charset=nonsense", b"login=x"),
        ("\xff", b"x"),
        ("", b"login=x"),
    ],
)
def test_odd_content_types(send: Send, content_type: str, body: bytes) -> None:
    for page in PAGES:
        headers = {"Content-Type": content_type}
        assert_answered(send("POST", page, "", body, headers))


@pytest.mark.parametrize("page", ["/accounts/login/", "/admin/login/", "/no/such/page", "/"])
@pytest.mark.parametrize("size", [10, 60_000, 3_000_000])
def test_no_file_reaches_the_disk(
    send: Send, page: str, size: int, settings: Any, tmp_path: Path
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1  # else small ones would stay in memory anyway
    part = b'--x\r\nContent-Disposition: form-data; name="a"; filename="a.bin"\r\n\r\n'
    body = part + b"x" * size + b"\r\n--x--\r\n"
    headers = {
        "Content-Type": "multipart/form-data; boundary=x",
        "Sec-Fetch-Site": "same-origin",
    }
    answer = send("POST", page, "", body, headers)
    assert_answered(answer)
    if page == "/accounts/login/":
        assert answer.status == 413
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE", "OPTIONS", "HEAD", "X"])
def test_odd_methods(send: Send, method: str) -> None:
    for page in PAGES:
        assert_answered(send(method, page, "", b"", {}))


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "localhost:8000:9"},
        {"Host": "\xff"},
        {"Host": ""},
        {"X-Forwarded-Host": "evil.example"},
        {"X-Forwarded-Proto": "https"},
        {"Referer": "\xff"},
        {"Origin": "null"},
        {"Origin": "\xff"},
        {"Accept-Language": "\xff, en;q=x, " + "a" * 5000},
        {"Content-Length": "x"},
        {"Content-Length": "-1"},
        {"Cookie": "gatehouse_session=\x00; gatehouse_csrf=\xff"},
        {"Cookie": "gatehouse_session=" + "x" * 6000},
        {"Cookie": "gatehouse_csrf=" + "x" * 6000},
        {"Cookie": "messages=x; sessionid=y; a=b=c; ;;"},
        {"Range": "bytes=9-1"},
        {"If-Modified-Since": "yesterday"},
    ],
    ids=ascii,
)
def test_odd_headers(send: Send, headers: dict[str, str]) -> None:
    for page in PAGES:
        for method in ("GET", "POST"):
            answer = send(method, page, "", b"", headers)
            assert_answered(answer)
            assert b"evil.example" not in answer.body
            assert "evil.example" not in answer.location


@given(
    page=st.sampled_from(PAGES),
    method=st.sampled_from(["GET", "POST"]),
    query=st.binary(max_size=60),
    body=st.binary(max_size=100)
    | st.dictionaries(
        st.sampled_from(["login", "password", "next", "email", "decision", "action_add"]),
        st.text(max_size=40),
    ).map(lambda fields: urlencode(fields, errors="surrogatepass").encode()),
    cookie=st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=40),
    path=st.just("") | st.text(st.characters(max_codepoint=255), max_size=20),
)
@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_anything_at_all_is_answered(
    send: Send, page: str, method: str, query: bytes, body: bytes, cookie: str, path: str
) -> None:
    browser = Browser(send)
    token = urlencode(csrf(browser.get("/accounts/login/"))).encode()
    headers = FORM_HEADERS | {
        "Cookie": f"gatehouse_csrf={browser.cookies['gatehouse_csrf']}; {cookie}"
    }
    sent = token + b"&" + body if method == "POST" else b""
    assert_answered(send(method, page + path, query.decode("latin-1"), sent, headers))
