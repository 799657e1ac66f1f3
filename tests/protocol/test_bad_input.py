"""Malformed requests at every endpoint, through both doors: a 4xx with an OAuth error, never a 500.

RFC 6749 sections 3.1, 3.2 and 5.2; RFC 9110.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from django.conf import settings
from django.test import override_settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from oidc.doors.body import JSON, MAX_BODY_BYTES, read_text
from oidc.doors.endpoint import Endpoint
from oidc.doors.query import NEVER_IN_A_QUERY
from oidc.doors.wrapper import MAX_QUERY_BYTES
from oidc.errors import ProtocolError
from oidc.http import MAX_PARAMETERS
from oidc.urls import ENDPOINTS
from tests.support.battery import DEEP, FORM_HEADERS, MARKER, UNREADABLE_TOKENS, assert_refused
from tests.support.doors import FORM, Send, send_to_wsgi
from tests.support.relying_party import REDIRECT_URI, RelyingParty, basic


def address_of(endpoint: Endpoint) -> str:
    """Return its path; one that takes a segment more gets one."""
    return endpoint.path + ("x" if endpoint.path.endswith("/") else "")


POSTED = [each.path for each in ENDPOINTS if "POST" in each.methods and not each.json]
READ = [address_of(endpoint) for endpoint in ENDPOINTS if "GET" in endpoint.methods]
JSON_TAKERS = [
    (method, address_of(endpoint))
    for endpoint in ENDPOINTS
    for method in endpoint.methods
    if endpoint.json and method in ("POST", "PUT")
]
ANSWERED_BY_A_PAGE = {each.path for each in ENDPOINTS if each.for_people}

MALFORMED_PARAMETERS = {
    "NUL": b"state=%00" + MARKER.encode(),
    "NUL in a name": b"%00" + MARKER.encode() + b"=1",
    "CRLF": b"state=a%0d%0aSet-Cookie:%20" + MARKER.encode(),
    "tab": b"state=%09",
    "DEL": b"state=%7f",
    "C1": b"state=%c2%9b31m",
    "invalid UTF-8": b"state=%ff" + MARKER.encode(),
    "truncated UTF-8": b"state=%e2%82",
    "overlong UTF-8": b"state=%c0%af",
    "surrogate": b"state=%ed%a0%80",
    "invalid UTF-8 in a name": b"%fe=1",
    "too many parameters": b"&".join(b"p%d=1" % n for n in range(MAX_PARAMETERS + 1)),
    "thousands of parameters": b"&".join(b"p%d" % n for n in range(3000)),
    "thousands of separators": b"&" * 10_000,
}
MALFORMED_BODIES = MALFORMED_PARAMETERS | {
    "raw NUL": b"state=\x00",
    "raw CRLF": b"state=a\r\nb",
    "raw invalid UTF-8": b"state=\xff\xfe",
    "raw overlong UTF-8": b"state=\xc0\xaf",
}


@pytest.mark.parametrize("body", MALFORMED_BODIES.values(), ids=MALFORMED_BODIES)
def test_malformed_body(send: Send, body: bytes) -> None:
    for path in POSTED:
        refused = assert_refused(send("POST", path, "", body, FORM_HEADERS), 400)
        expected = {} if path in ANSWERED_BY_A_PAGE else {"error": "invalid_request"}
        assert refused.items() >= expected.items()
        assert bool(refused) != (path in ANSWERED_BY_A_PAGE)


@pytest.mark.parametrize("query", MALFORMED_PARAMETERS.values(), ids=MALFORMED_PARAMETERS)
def test_malformed_query(send: Send, query: bytes) -> None:
    for path in READ:
        refused = assert_refused(send("GET", path, query.decode(), b"", {}), 400, 414)
        assert refused.get("error", "invalid_request") == "invalid_request"


@pytest.mark.parametrize("query", ["state=\xff", "state=\xc3\xa9", "\xfe=1"])
def test_rfc3986_raw_bytes_beyond_ascii_in_a_query(send: Send, query: str) -> None:
    for path in READ:
        assert_refused(send("GET", path, query, b"", {}), 400)


@pytest.mark.parametrize("size", [MAX_BODY_BYTES + 1, 100_000, 1_000_000])
def test_large_body_is_413(send: Send, size: int) -> None:
    body = b"state=" + b"x" * (size - 6)
    for path in POSTED:
        assert_refused(send("POST", path, "", body, FORM_HEADERS), 413)


@pytest.mark.parametrize("size", [MAX_QUERY_BYTES + 1, 100_000])
def test_long_query_is_414(send: Send, size: int) -> None:
    for path in READ:
        assert_refused(send("GET", path, "state=".ljust(size, "x"), b"", {}), 414)


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "multipart/form-data; boundary=x", "text/plain", "", "é", "a" * 10_000],
)
def test_rfc6749_3_2_other_content_types_are_415(send: Send, content_type: str) -> None:
    body = b'{"grant_type": "client_credentials"}'
    for path in POSTED:
        assert_refused(send("POST", path, "", body, {"Content-Type": content_type}), 415)


@pytest.mark.parametrize("content_type", [FORM + "; charset=UTF-8", FORM.upper(), FORM + ";"])
def test_content_type_in_other_spellings_is_fine(
    send: Send, machine: RelyingParty, content_type: str
) -> None:
    headers = {
        "Content-Type": content_type,
        "Authorization": basic(machine.client_id, machine.client_secret),
    }
    body = b"grant_type=client_credentials"
    assert send("POST", "/oauth2/token", "", body, headers).status == 200


WITH_A_BODY = [
    (method, endpoint)
    for endpoint in ENDPOINTS
    for method in endpoint.methods
    if method not in ("GET", "HEAD")
]


@pytest.mark.parametrize("name", sorted(NEVER_IN_A_QUERY))
def test_rfc6749_2_3_1_what_belongs_in_the_body_is_refused_in_the_query(
    send: Send, name: str
) -> None:
    """Also beside a body, also among others; told by name, and without the value."""
    for method, endpoint in WITH_A_BODY:
        headers = {"Content-Type": JSON if endpoint.json else FORM}
        query = f"client-request-id=1&{name}={MARKER}"
        answer = send(method, address_of(endpoint), query, b"{}", headers)
        refused = assert_refused(answer, 400)
        if refused:
            assert refused["error"] == "invalid_request"
            assert refused["error_description"].endswith(f": {name}")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/oauth2/authorize", "state"),
        ("/oauth2/authorize", "request"),
        ("/oauth2/authorize", "claims"),
        ("/oauth2/logout", "state"),
        ("/oauth2/logout", "post_logout_redirect_uri"),
    ],
)
def test_a_request_by_post_is_not_spread_over_query_and_body(
    send: Send, path: str, name: str
) -> None:
    assert_refused(send("POST", path, f"{name}=1", b"state=1", FORM_HEADERS), 400)


@pytest.mark.parametrize(
    "query",
    ["client-request-id=0b5c", f"{MARKER}=1", "a=1&a=2", "state=1&display=page", "resource=x"],
)
def test_rfc6749_3_2_unknown_parameters_in_the_query_are_ignored(
    send: Send, machine: RelyingParty, query: str
) -> None:
    """The first one comes from MSAL."""
    headers = FORM_HEADERS | {"Authorization": basic(machine.client_id, machine.client_secret)}
    body = b"grant_type=client_credentials"
    answer = send("POST", "/oauth2/token", query, body, headers)
    assert answer.status == 200
    token = answer.json()["access_token"]
    for path in ("/oauth2/introspect", "/oauth2/revoke"):
        assert send("POST", path, query, f"token={token}".encode(), headers).status == 200


def test_rfc7591_3_unknown_parameters_in_the_query_are_ignored(send: Send) -> None:
    query, metadata = "client-request-id=0b5c&a=1&a=2", b'{"redirect_uris": ["https://a.example/"]}'
    with override_settings(GATEHOUSE=settings.GATEHOUSE | {"registration": "open"}):
        answer = send("POST", "/oauth2/register", query, metadata, {"Content-Type": JSON})
        assert answer.status == 201
        path = urlsplit(answer.json()["registration_client_uri"]).path
        token = answer.json()["registration_access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        for method, status in (("GET", 200), ("HEAD", 200), ("DELETE", 204)):
            assert send(method, path, query, b"", headers).status == status


@pytest.mark.parametrize("path", ["/oauth2/userinfo", "/oauth2/register/x"])
def test_rfc6750_2_3_a_token_in_the_query_is_refused(send: Send, path: str) -> None:
    with override_settings(GATEHOUSE=settings.GATEHOUSE | {"registration": "open"}):
        for headers in ({}, {"Authorization": "Bearer x"}):
            answer = send("GET", path, f"access_token={MARKER}", b"", headers)
            assert_refused(answer, 400)
            assert 'error="invalid_request"' in answer.header("WWW-Authenticate")
            assert "query" in answer.json()["error_description"]


@pytest.mark.parametrize("path", ["/.well-known/jwks.json", "/.well-known/openid-configuration"])
def test_public_documents_ignore_every_query(send: Send, path: str) -> None:
    assert send("GET", path, "client_id=1&client_id=2&a=1&a=2", b"", {}).status == 200


@pytest.mark.parametrize("name", ["resource", "audience"])
def test_rfc8707_2_a_list_may_come_twice(send: Send, machine: RelyingParty, name: str) -> None:
    """As one does, it changes nothing: nobody reads it here yet."""
    headers = FORM_HEADERS | {"Authorization": basic(machine.client_id, machine.client_secret)}
    once = f"grant_type=client_credentials&{name}=https%3A%2F%2Fapi.example"
    for body in (once, f"{once}&{name}=https%3A%2F%2Fother.example", f"{once}&{name}="):
        assert send("POST", "/oauth2/token", "", body.encode(), headers).status == 200


@pytest.mark.parametrize(
    "body", [b"token=a&token=b", b"token=a&token=a", b"token=&token=a", b"token=a&token="]
)
def test_rfc6749_3_2_repeated_parameters(send: Send, body: bytes) -> None:
    for path in [each for each in POSTED if each not in ANSWERED_BY_A_PAGE]:
        refused = assert_refused(send("POST", path, "", body, FORM_HEADERS), 400)
        assert "repeated" in refused["error_description"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "X" * 100])
def test_rfc9110_15_5_6_odd_methods_are_405(send: Send, method: str) -> None:
    for endpoint in ENDPOINTS:
        if method in endpoint.methods:
            continue
        answer = send(method, address_of(endpoint), "", b"", {})
        assert_refused(answer, 405)
        assert answer.header("Allow") == ", ".join(endpoint.methods)


def test_rfc9110_9_3_2_head_is_get_without_a_body(send: Send) -> None:
    for path in [address_of(each) for each in ENDPOINTS if "HEAD" in each.methods]:
        read, head = (send(method, path, "", b"", {}) for method in ("GET", "HEAD"))
        assert (head.status, head.body) == (read.status, b"")
        assert head.header("Content-Type") == read.header("Content-Type")


def test_options_is_for_cors_only(send: Send) -> None:
    for endpoint in ENDPOINTS:
        answer = send("OPTIONS", address_of(endpoint), "", b"", {})
        assert answer.status == (204 if endpoint.cors else 405)


@pytest.mark.parametrize("length", ["-1", "+7", "7.0", "0x7", "seven", "\u0667", "7" * 5000, "1e3"])
def test_content_length_that_is_no_length(send: Send, length: str) -> None:
    headers = FORM_HEADERS | {"Content-Length": length}
    for path in POSTED:
        assert_refused(send("POST", path, "", b"state=1", headers), 400, 413)


def test_content_length_beyond_the_limit(send: Send) -> None:
    headers = FORM_HEADERS | {"Content-Length": str(10**12)}
    for path in POSTED:
        assert_refused(send("POST", path, "", b"state=1", headers), 413)


def test_a_body_that_is_announced_as_too_large_is_not_read() -> None:
    def read(size: int) -> bytes:
        raise AssertionError(f"read {size} bytes")

    with pytest.raises(ProtocolError) as refused:
        read_text(read, str(MAX_BODY_BYTES + 1), FORM, FORM)
    assert refused.value.status_code == 413


@pytest.mark.parametrize("length", ["8", str(MAX_BODY_BYTES)])
def test_body_that_was_cut_off(send: Send, length: str) -> None:
    """Half a token must not be taken for one. Only a real server can leave bytes out."""
    if send is not send_to_wsgi:
        pytest.skip("Django's test client insists on whole bodies")
    headers = FORM_HEADERS | {"Content-Length": length}
    for path in POSTED:
        assert_refused(send("POST", path, "", b"state=1", headers), 400)


def test_body_without_a_length(send: Send, machine: RelyingParty) -> None:
    """A chunked body, as granian hands it over: no Content-Length, and an end."""
    headers = FORM_HEADERS | {
        "Content-Length": "",
        "Authorization": basic(machine.client_id, machine.client_secret),
    }
    body = b"grant_type=client_credentials"
    huge = send("POST", "/oauth2/token", "", b"state=" + b"x" * 1_000_000, headers)
    if send is send_to_wsgi:
        assert send("POST", "/oauth2/token", "", body, headers).status == 200
        assert_refused(huge, 413)
    assert_refused(huge, 400, 413)


@pytest.mark.parametrize("header", ["X-Request-Id", "X-Forwarded-For", "Origin", "User-Agent"])
def test_headers_of_strangers_are_not_reflected(send: Send, header: str) -> None:
    for endpoint in ENDPOINTS:
        answer = send("GET", address_of(endpoint), "", b"", {header: MARKER})
        assert MARKER not in str(answer.headers)
        assert MARKER not in answer.text


# --- JSON ---------------------------------------------------------------------------------------

MALFORMED_JSON = {
    "nothing": b"",
    "not JSON": b"{",
    "a list": b"[]",
    "text": b'"x"',
    "null": b"null",
    "two objects": b"{}{}",
    "deep": DEEP.encode(),
    "deep object": b'{"a":' * 3000 + b"1" + b"}" * 3000,
    "raw NUL": b'{"a":"\x00"}',
    "invalid UTF-8": b'{"a":"\xff"}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "huge number": b'{"a":' + b"9" * 5000 + b"}",
}
ODD_JSON = {
    "surrogate": b'{"redirect_uris":["\\ud800"],"client_name":"\\udfff"}',
    "escaped NUL": b'{"client_name":"\\u0000","redirect_uris":["https://a.example/\\u0000"]}',
    "infinite": b'{"default_max_age":Infinity,"redirect_uris":NaN}',
    "large number": b'{"default_max_age":1e999}',
    "repeated": b'{"client_name":"a","client_name":"b"}',
    "wrong types": b'{"redirect_uris":{"a":[]},"jwks":[1],"grant_types":"x","scope":[],"sub_id":1}',
    "marker": b'{"grant_types":["' + MARKER.encode() + b'"]}',
}


@pytest.mark.parametrize(
    "body", (MALFORMED_JSON | ODD_JSON).values(), ids=MALFORMED_JSON | ODD_JSON
)
def test_malformed_json(send: Send, settings: Any, body: bytes) -> None:
    settings.GATEHOUSE = {**settings.GATEHOUSE, "registration": "open"}
    for method, path in JSON_TAKERS:
        answer = send(method, path, "", body, {"Content-Type": "application/json"})
        assert answer.status == 201 or assert_refused(answer)


def test_json_of_another_type_or_size(send: Send) -> None:
    for method, path in JSON_TAKERS:
        assert_refused(send(method, path, "", b"{}", FORM_HEADERS), 415)
        headers = {"Content-Type": "application/json"}
        huge = b'{"a":"' + b"x" * 100_000 + b'"}'
        assert_refused(send(method, path, "", huge, headers), 413)
        assert_refused(send(method, path, "token=b", b"{}", headers), 400)
        assert_refused(send(method, path, "", b"{}", headers | {"Content-Length": "-1"}), 400)


# --- Anything at all ----------------------------------------------------------------------------

NAMES = st.sampled_from(
    [
        "client_id", "client_secret", "client_assertion", "client_assertion_type", "grant_type",
        "code", "code_verifier", "redirect_uri", "refresh_token", "scope", "state", "nonce",
        "response_type", "response_mode", "code_challenge", "code_challenge_method", "prompt",
        "max_age", "id_token_hint", "acr_values", "ui_locales", "login_hint", "claims", "request",
        "request_uri", "resume", "token", "token_type_hint", "access_token", "display",
    ]
)  # fmt: skip
GOOD_VALUES = st.sampled_from(
    [
        "authorization_code", "refresh_token", "client_credentials", "code", "openid profile",
        "form_post", "none", "login", "S256", "a" * 43, REDIRECT_URI, "0",
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", *UNREADABLE_TOKENS.values(),
    ]
)  # fmt: skip
VALUES = GOOD_VALUES | st.text(max_size=60)
PARAMETERS = st.dictionaries(NAMES | st.text(max_size=20), VALUES, max_size=12)
ENCODED = st.binary(max_size=200) | PARAMETERS.map(
    lambda members: urlencode(members, errors="surrogatepass").encode()
)
HEADERS = st.fixed_dictionaries(
    {"Content-Type": st.just(FORM) | st.text(max_size=20)},
    optional={
        "Authorization": st.builds(
            lambda scheme, rest: f"{scheme}{rest}",
            st.sampled_from(["Basic ", "Bearer ", "basic", "DPoP ", ""]),
            st.text(st.characters(max_codepoint=255), max_size=60) | GOOD_VALUES,
        ),
        "Cookie": st.text(st.characters(max_codepoint=255), max_size=60)
        | st.just("gatehouse_session=x; gatehouse_browser-1=y"),
        "If-None-Match": st.text(st.characters(max_codepoint=255), max_size=20),
    },
)


@given(
    endpoint=st.sampled_from(ENDPOINTS),
    method=st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT"]),
    query=st.just(b"") | ENCODED,
    body=ENCODED,
    headers=HEADERS,
    knows_a_client=st.booleans(),
)
@hypothesis_settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_anything_at_all_is_answered(
    send: Send,
    web: RelyingParty,
    endpoint: Endpoint,
    method: str,
    query: bytes,
    body: bytes,
    headers: dict[str, str],
    knows_a_client: bool,
) -> None:
    if knows_a_client:
        known = urlencode({"client_id": web.client_id, "redirect_uri": REDIRECT_URI}).encode()
        query, body = (query and known + b"&" + query), known + b"&" + body
    address = address_of(endpoint)
    answer = send(method, address, query.decode("latin-1"), body, headers)
    assert answer.status < 500, (answer.status, answer.body)
    assert answer.header("X-Request-Id")
    if answer.status >= 400 and method != "HEAD":
        assert_refused(answer)
