"""What may be registered as a redirect URI, and what is one of a client's own."""

from __future__ import annotations

import string
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.split_url import split_url
from oidc.clients.redirect_uri import redirect_uri_matches
from oidc.clients.validation import addresses
from oidc.clients.validation.addresses import check_redirect_uri, check_web_uri, origin_of
from oidc.clients.validation.errors import Refused
from oidc.conf import configuration

WEB_URIS = [
    "https://app.example/cb",
    "https://app.example",
    "https://APP.example:8443/cb?tenant=1&x=%20",
    "https://192.0.2.7/cb",
    "https://[2001:db8::1]:8443/cb",
    "https://app.example/~user/(cb)/@me;v=1",
    "http://localhost:9999/cb",
    "http://localhost/cb",
    "http://127.0.0.1:3000/cb",
    "http://[::1]/cb",
    "https://xn--bcher-kva.example/cb",
]
NATIVE_URIS = ["com.example.app:/cb", "com.example.app://signed-in/cb", "com.example:/"]

REFUSED_EVERYWHERE = [
    "",
    "/cb",
    "app.example/cb",
    "//app.example/cb",
    "https:",
    "https:app.example",
    "https:/app.example",
    "https://",
    "https:///cb",
    "https://?x",
    "http://app.example/cb",
    "http://localhost.evil.example/cb",
    "http://127.0.0.1.evil.example/cb",
    "http://127.0.0.2/cb",
    "http://0.0.0.0/cb",
    "http://127.1/cb",
    "https://app.example/cb#",
    "https://app.example/cb#top",
    "https://user@app.example/cb",
    "https://user:password@app.example/cb",
    "https://app.example@evil.example/cb",
    "https://*.app.example/cb",
    "https://app.example/*",
    "https://app.example/cb?next=*",
    "https://app.example:0/cb",
    "https://app.example:65536/cb",
    "https://app.example:/cb",
    "https://app.example:x/cb",
    "https://app..example/cb",
    "https://-app.example/cb",
    "https://app_1.example/cb",
    "https://[::1/cb",
    "https://[::g]/cb",
    "https://[1::2::3]/cb",
    "https://[fe80::1%25eth0]/cb",
    "https://app.example\\@evil.example/cb",
    "https://app.example/\\evil",
    "https://app.example/a/../cb",
    "https://app.example/..",
    "https://app.example/./cb",
    "https://app.example/%2e%2e/cb",
    "https://app.example/.%2E/cb",
    "https://app.example/cb?code=1",
    "https://app.example/cb?x=1&state=",
    "https://app.example/cb?%69ss=1",
    "https://app.example/c b",
    "https://app.example/cb\r\nSet-Cookie: a=b",
    "https://app.example/cb\x00",
    "https://app.example/%0",
    "https://app.example/%zz",
    'https://app.example/"cb"',
    "https://app.example/<cb>",
    "https://bücher.example/cb",
    " https://app.example/cb",
    "https://app.example/cb ",
    "HTTPS://app.example/cb",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "about:blank",
    "blob:https://app.example/x",
    "ftp://app.example/cb",
    "ws://app.example/cb",
    "myapp:/cb",
    "myapp.:/cb",
    "com.example.app:cb",
    "com.example.app:",
    "com.example.app://user@host/cb",
    "com.example.app://[",
    "com.example.app://]",
    "com.example.app://[::1/cb",
    "com.example.app://host:99999/cb",
    "com.example.app://host:x/cb",
    "com.example.app:/cb#x",
    "https://app.example/" + "a" * 2000,
    None,
    7,
    ["https://app.example/cb"],
]


@pytest.mark.parametrize("uri", WEB_URIS)
@pytest.mark.parametrize("native", [False, True])
def test_web_addresses_are_accepted_as_they_are(uri: str, native: bool) -> None:
    assert check_redirect_uri(uri, native=native) == uri


@pytest.mark.parametrize("uri", NATIVE_URIS)
def test_rfc8252_7_1_a_scheme_of_ones_own_is_for_native_apps_only(uri: str) -> None:
    assert check_redirect_uri(uri, native=True) == uri
    with pytest.raises(Refused):
        check_redirect_uri(uri, native=False)


@pytest.mark.parametrize(
    ("issuer", "uri"),
    [
        ("https://id.example", "https://id.example/accounts/logout/"),
        ("https://id.example", "https://ID.example:443"),
        ("https://id.example/id", "https://id.example/id/accounts/logout/"),
        ("http://localhost:8000", "http://localhost:8000/admin/logout/"),
    ],
)
def test_an_answer_leads_to_no_page_of_ours(
    issuer: str, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be posted there from a page of ours (`response_mode=form_post`), and be believed."""
    base_path = urlsplit(issuer).path
    configured = replace(configuration(), issuer=issuer, base_path=base_path)
    monkeypatch.setattr(addresses, "configuration", lambda: configured)
    with pytest.raises(Refused):
        check_redirect_uri(uri, native=False)
    beside = f"https://{'app' if not base_path else 'id'}.example/idea"
    assert check_redirect_uri(beside, native=False) == beside


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("uri", REFUSED_EVERYWHERE, ids=repr)
def test_tricks_are_refused(uri: object, native: bool) -> None:
    with pytest.raises(Refused):
        check_redirect_uri(uri, native=native)


@given(st.one_of(st.text(max_size=60), st.from_regex(r"https?://[ -~]{0,40}", fullmatch=True)))
@example("https://app.example/cb")
def test_what_is_accepted_is_seen_alike_by_every_parser(uri: str) -> None:
    """No parser that repairs its input finds another host, or a user name, or a fragment."""
    try:
        check_redirect_uri(uri, native=True)
    except Refused:
        return
    parts = urlsplit(uri)
    assert parts.geturl() == uri
    assert uri.isascii() and uri.isprintable()
    assert parts.username is None and parts.password is None and not parts.fragment
    assert parts.scheme == "https" or "." in parts.scheme or parts.hostname in (
        "localhost", "127.0.0.1", "::1",
    )  # fmt: skip
    assert set('\\ "<>') & set(uri) == set()


BRACKETS = st.text(alphabet="[]:@/?#.%vV1a-", max_size=12)


@given(st.sampled_from(["https", "http", "com.example.app"]), BRACKETS, st.booleans())
@example("com.example.app", "[", True)
def test_what_is_accepted_can_be_taken_apart(scheme: str, noise: str, native: bool) -> None:
    uri = f"{scheme}://{noise}"
    for check in (
        lambda: check_redirect_uri(uri, native=native),
        lambda: check_web_uri(uri, secure=native),
    ):
        try:
            accepted = check()
        except Refused:
            continue
        split_url(accepted)


@given(st.text(alphabet=string.printable, min_size=1, max_size=12))
def test_refusals_never_repeat_what_was_sent(noise: str) -> None:
    uri = f"https://app.example/{noise}\\"
    with pytest.raises(Refused) as refused:
        check_redirect_uri(uri, native=True)
    assert str(refused.value) == "Has characters that an address must not have. Encode them with %."


@pytest.mark.parametrize(
    ("uri", "secure"),
    [
        ("http://app.example/logo.png", False),
        ("https://app.example/terms#part-2", False),
        ("https://app.example/jwks.json", True),
        ("http://localhost:9000/jwks.json", True),
    ],
)
def test_addresses_that_are_shown_or_called(uri: str, secure: bool) -> None:
    assert check_web_uri(uri, secure=secure) == uri


@pytest.mark.parametrize(
    ("uri", "secure"),
    [
        ("http://app.example/jwks.json", True),
        ("https://app.example/jwks.json#x", True),
        ("javascript:alert(1)", False),
        ("data:image/png;base64,AA==", False),
        ("com.example.app:/logo", False),
        ("https://user@app.example/logo.png", False),
        ("https:///logo.png", False),
    ],
)
def test_addresses_that_are_neither_shown_nor_called(uri: str, secure: bool) -> None:
    with pytest.raises(Refused):
        check_web_uri(uri, secure=secure)


def test_origin_ignores_case_and_the_default_port() -> None:
    assert origin_of("https://APP.example:443/cb") == origin_of("https://app.example/other")
    assert origin_of("https://app.example:444/cb") != origin_of("https://app.example/cb")
    assert origin_of("http://localhost/") != origin_of("https://localhost/")


# --- Matching -----------------------------------------------------------------------------------

REGISTERED = (
    "https://app.example/cb?tenant=1",
    "http://127.0.0.1/cb",
    "http://[::1]:80/cb",
    "http://localhost:3000/cb",
)


@pytest.mark.parametrize("any_port", [False, True])
@pytest.mark.parametrize("uri", REGISTERED)
def test_oauth21_2_3_1_the_same_text_matches(uri: str, any_port: bool) -> None:
    assert redirect_uri_matches(REGISTERED, uri, any_loopback_port=any_port)


@pytest.mark.parametrize("any_port", [False, True])
@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example/cb",
        "https://app.example/cb?tenant=1&x=2",
        "https://app.example/cb/?tenant=1",
        "https://APP.example/cb?tenant=1",
        "HTTPS://app.example/cb?tenant=1",
        "https://app.example:443/cb?tenant=1",
        "https://app.example/cb%3Ftenant=1",
        "https://app.example/x/../cb?tenant=1",
        "https://user@app.example/cb?tenant=1",
        "https://app.example/cb?tenant=1#",
        "https://app.example.evil.example/cb?tenant=1",
        "https://app.example:8443/cb?tenant=1",
    ],
)
def test_oauth21_2_3_1_anything_else_does_not(uri: str, any_port: bool) -> None:
    assert not redirect_uri_matches(REGISTERED, uri, any_loopback_port=any_port)


def test_rfc8252_7_3_the_hosts_of_this_machine_are_not_one() -> None:
    assert not redirect_uri_matches(
        ["http://127.0.0.1/cb"], "http://localhost/cb", any_loopback_port=True
    )


@given(st.integers(min_value=0, max_value=65535))
def test_rfc8252_7_3_a_native_app_may_use_any_loopback_port(port: int) -> None:
    for host in ("127.0.0.1", "[::1]", "localhost"):
        uri = f"http://{host}:{port}/cb"
        assert redirect_uri_matches(REGISTERED, uri, any_loopback_port=True)
        assert (uri in REGISTERED) == redirect_uri_matches(REGISTERED, uri, any_loopback_port=False)


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:99999/cb",
        "http://127.0.0.1:123456/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:12x/cb",
        "http://127.0.0.1:-1/cb",
        "http://127.0.0.1:1@evil.example/cb",
        "http://127.0.0.1@evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://127.0.0.1:80.evil.example/cb",
        "http://127.0.0.1:80/cb/",
        "http://127.0.0.1:80/CB",
        "http://127.0.0.1:80/cb?x=1",
        "http://127.0.0.1:80/cb#",
        "http://127.0.0.1:80\\cb",
        "http://LOCALHOST:80/cb",
        "http://localhost.:80/cb",
        "http://localhost.evil.example/cb",
        "http://localhost:80.evil.example/cb",
        "http://localhost@evil.example/cb",
        "http://localhost:80@evil.example/cb",
        "http://localhostevil.example/cb",
        "https://localhost:80/cb",
        "https://127.0.0.1:80/cb",
        "http://127.0.0.2:80/cb",
        "http://[::1]:80:81/cb",
        "http://[::1]evil.example/cb",
    ],
)
def test_rfc8252_7_3_only_the_port_may_differ(uri: str) -> None:
    assert not redirect_uri_matches(REGISTERED, uri, any_loopback_port=True)


@given(st.sampled_from(["127.0.0.1", "localhost"]), st.text(max_size=40))
def test_a_loopback_prefix_opens_nothing(host: str, rest: str) -> None:
    uri = f"http://{host}{rest}"
    if redirect_uri_matches(REGISTERED, uri, any_loopback_port=True):
        assert urlsplit(uri).hostname == host
        assert urlsplit(uri).path == "/cb"
