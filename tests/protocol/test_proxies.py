"""What a proxy says counts if it is trusted. RFC 7239 sections 5 and 8.1; RFC 9440 section 2.4."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from authserver.application import build_application
from authserver.forwarded import Malformed, addresses_of_forwarded, plain_address
from authserver.proxies import (
    FORWARDED,
    PEER,
    UNREADABLE_ADDRESS,
    PublicScheme,
    TrustedProxies,
)
from tests.support.doors import call

TRUSTED = ["10.0.0.0/8", "2001:db8::1"]


def environ_behind(**environ: str) -> dict[str, Any]:
    """Return what the application sees."""
    seen: dict[str, Any] = {}
    application = TrustedProxies(lambda environ, _: seen.update(environ) or [], TRUSTED)
    application(dict(environ), lambda *_: None)
    seen.pop(FORWARDED, None)
    seen.pop(UNREADABLE_ADDRESS, None)
    assert seen.pop(PEER) == plain_address(environ["REMOTE_ADDR"])
    return seen


@pytest.mark.parametrize(
    ("remote", "forwarded_for", "address"),
    [
        ("10.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "203.0.113.9, 192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "192.0.2.7, 10.0.0.2", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", " , ,", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.7, not an address", "10.0.0.1"),
        ("10.0.0.1", "not an address, 10.0.0.2", "10.0.0.2"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        ("", "203.0.113.9", ""),
        ("::ffff:10.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "::ffff:192.0.2.7, ::FFFF:a00:2", "192.0.2.7"),
        ("::ffff:192.0.2.1", "203.0.113.9", "192.0.2.1"),
        ("10.0.0.1", "192.0.2.7:4711", "192.0.2.7"),
        ("10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("10.0.0.1", "2001:DB8:0::7", "2001:db8::7"),
        ("10.0.0.1", "192.0.2.7, unknown, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "fe80::1%eth0", "10.0.0.1"),
    ],
)
def test_the_last_address_that_is_no_proxy_of_ours(
    remote: str, forwarded_for: str, address: str
) -> None:
    seen = environ_behind(REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded_for)
    assert seen["REMOTE_ADDR"] == address


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("for=192.0.2.7", "192.0.2.7"),
        ("For=192.0.2.7;proto=https;by=10.0.0.1", "192.0.2.7"),
        ('for="192.0.2.7:4711"', "192.0.2.7"),
        ('for="[2001:db8::7]"', "2001:db8::7"),
        ('for="[2001:DB8::7]:4711"', "2001:db8::7"),
        ('for="[2001:db8::7]:_port"', "2001:db8::7"),
        ('for="[::ffff:192.0.2.7]"', "192.0.2.7"),
        ("for=203.0.113.9, for=192.0.2.7", "192.0.2.7"),
        ("for=203.0.113.9,for=192.0.2.7 ,\tfor=10.0.0.2", "192.0.2.7"),
        ('for=192.0.2.7;host="a, for=10.0.0.9;x=\\"", for=10.0.0.2', "192.0.2.7"),
        ("for=192.0.2.7, for=_hidden, for=10.0.0.2", "10.0.0.2"),
        ("for=192.0.2.7, for=unknown", "10.0.0.1"),
        ("for=192.0.2.7, for=someone", "10.0.0.1"),
        ("for=192.0.2.7, by=10.0.0.1", "10.0.0.1"),
        ('for=192.0.2.7, for=""', "10.0.0.1"),
        ('for=192.0.2.7, for="fe80::1%eth0"', "10.0.0.1"),
        ("for=192.0.2.7, , ;", "192.0.2.7"),
        ("", "10.0.0.1"),
        (" ", "10.0.0.1"),
    ],
)
def test_7239_5_2_the_last_address_that_is_no_proxy_of_ours(forwarded: str, address: str) -> None:
    seen = environ_behind(REMOTE_ADDR="10.0.0.1", HTTP_FORWARDED=forwarded)
    assert seen == {"REMOTE_ADDR": address}


MALFORMED = [
    'x=", for=192.0.2.7',
    'for=203.0.113.9;x="\\", for="[2001:db8::7]"',
    'for="[2001:db8::7], for=10.0.0.2',
    "for=[2001:db8::7]",
    "for=192.0.2.7:80",
    "for=203.0.113.9;for=192.0.2.7",
    "for=203.0.113.9 for=192.0.2.7",
    "for = 192.0.2.7",
    "192.0.2.7",
    "for=",
    "=192.0.2.7",
    "for='192.0.2.7\x00'",
    "for=192.0.2.7\udcff",
    'for="192.0.2.7\x01"',
]


@pytest.mark.parametrize("forwarded", MALFORMED, ids=range(len(MALFORMED)))
def test_7239_4_what_is_malformed_tells_nothing(forwarded: str) -> None:
    """A client's open quotation mark must not hide what the proxy has written behind it."""
    with pytest.raises(Malformed):
        addresses_of_forwarded(forwarded)
    seen = environ_behind(
        REMOTE_ADDR="10.0.0.1", HTTP_FORWARDED=forwarded, HTTP_X_FORWARDED_FOR="203.0.113.9"
    )
    assert seen == {"REMOTE_ADDR": "10.0.0.1"}


@given(beginning=st.text(st.characters(max_codepoint=255), max_size=40))
@pytest.mark.parametrize("written", ["192.0.2.7", '"[2001:db8::7]:4711"'])
def test_7239_4_no_beginning_hides_what_the_proxy_has_written(written: str, beginning: str) -> None:
    forwarded = f"{beginning}, for={written};proto=https"
    address = environ_behind(REMOTE_ADDR="10.0.0.1", HTTP_FORWARDED=forwarded)["REMOTE_ADDR"]
    assert address in ("192.0.2.7", "2001:db8::7", "10.0.0.1")


@pytest.mark.parametrize(
    ("forwarded", "forwarded_for", "address"),
    [
        ("for=192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ('for="[2001:db8::7]:1"', "203.0.113.9, 2001:db8::7", "2001:db8::7"),
        ("for=192.0.2.7, for=10.0.0.2", "192.0.2.7", "192.0.2.7"),
        ("for=203.0.113.9", "192.0.2.7", "10.0.0.1"),
        ("for=_hidden", "192.0.2.7", "10.0.0.1"),
        ("for=192.0.2.7", "unknown", "10.0.0.1"),
    ],
)
def test_a_proxy_that_knows_only_one_header_may_pass_on_a_forged_other(
    forwarded: str, forwarded_for: str, address: str
) -> None:
    seen = environ_behind(
        REMOTE_ADDR="10.0.0.1", HTTP_FORWARDED=forwarded, HTTP_X_FORWARDED_FOR=forwarded_for
    )
    assert seen == {"REMOTE_ADDR": address}


@pytest.mark.parametrize("header", ["HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED"])
def test_no_long_text_of_a_stranger_is_remembered(header: str) -> None:
    plain_address.cache_clear()
    prefix = "for=" if header == "HTTP_FORWARDED" else ""
    chain = ", ".join(f"{prefix}{text}" for text in ("a" * 46, "a" * 8000, "192.0.2.7"))
    seen = environ_behind(REMOTE_ADDR="10.0.0.1", **{header: chain})
    assert seen["REMOTE_ADDR"] == "192.0.2.7"
    assert plain_address.cache_info().currsize == len(("10.0.0.1", "192.0.2.7"))


def test_strangers_say_nothing_about_addresses() -> None:
    seen = environ_behind(REMOTE_ADDR="192.0.2.1", HTTP_FORWARDED="for=203.0.113.9")
    assert seen == {"REMOTE_ADDR": "192.0.2.1"}


CERTIFICATE = {"HTTP_CLIENT_CERT": ":MIIB:", "HTTP_CLIENT_CERT_CHAIN": ":MIIC:"}


@pytest.mark.parametrize("remote", ["192.0.2.1", "::ffff:192.0.2.1", "", "not an address"])
def test_9440_2_4_strangers_present_no_certificate(remote: str) -> None:
    seen = environ_behind(REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR="10.0.0.1", **CERTIFICATE)
    assert not CERTIFICATE.keys() & seen.keys()
    for name, value in CERTIFICATE.items():
        assert set(environ_behind(REMOTE_ADDR=remote, **{name: value})) == {"REMOTE_ADDR"}


def test_9440_2_4_a_proxy_presents_its_clients_certificate() -> None:
    seen = environ_behind(REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="192.0.2.7", **CERTIFICATE)
    assert CERTIFICATE.items() <= seen.items()


@pytest.mark.parametrize("remote", ["10.0.0.1", "192.0.2.1"])
def test_no_forwarded_header_goes_further(remote: str) -> None:
    headers = {f"HTTP_X_FORWARDED_{name}": "x" for name in ("FOR", "PROTO", "HOST")}
    headers["HTTP_FORWARDED"] = "for=x"
    assert set(environ_behind(REMOTE_ADDR=remote, **headers)) == {"REMOTE_ADDR"}


def test_a_proxy_that_has_no_address_is_a_mistake() -> None:
    with pytest.raises(ImproperlyConfigured, match="TRUSTED_PROXIES: proxy"):
        TrustedProxies(lambda *_: [], ["proxy.example"])


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_scheme_is_the_issuers(scheme: str) -> None:
    seen: dict[str, Any] = {}
    application = PublicScheme(lambda environ, _: seen.update(environ) or [], scheme)
    application({"wsgi.url_scheme": "gopher"}, lambda *_: None)
    assert seen["wsgi.url_scheme"] == scheme


@pytest.mark.parametrize("remote", ["10.0.0.1", "192.0.2.1"])
@pytest.mark.parametrize(
    "name", ["FORWARDED", *(f"X_FORWARDED_{what}" for what in ("FOR", "PROTO", "HOST")), "VIA"]
)
def test_what_was_passed_on_is_known_as_such(name: str, remote: str) -> None:
    seen: dict[str, Any] = {}
    application = TrustedProxies(lambda environ, _: seen.update(environ) or [], TRUSTED)
    application({"REMOTE_ADDR": remote, f"HTTP_{name}": "x"}, lambda *_: None)
    assert seen[FORWARDED]


@pytest.mark.parametrize("headers", [{"HTTP_X_FORWARDED_FOR": "203.0.113.9"}, {}])
@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:nonsense", "::ffff:nonsense"),
        ("::1", "::1"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_without_proxies_ipv4_is_ipv4_whatever_the_socket(
    remote: str, address: str, headers: dict[str, str]
) -> None:
    """Rate limits count IPv6 by networks, and all mapped addresses lie in one."""
    seen: dict[str, Any] = {}
    application = TrustedProxies(lambda environ, _: seen.update(environ) or [], [])
    application({"REMOTE_ADDR": remote, **headers}, lambda *_: None)
    assert seen == {
        "REMOTE_ADDR": address,
        PEER: plain_address(address),
        **({FORWARDED: True} if headers else {}),
    }


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded"])
def test_an_address_that_the_server_could_not_read_is_refused(
    db: None, settings: Any, name: str
) -> None:
    """granian hands over an empty text for a header with a byte beyond ASCII."""
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    send = call(build_application())
    for path in ("/accounts/login/", "/oauth2/token"):
        answer = send("GET", path, "", b"", {name: ""})
        assert answer.status == 400
        assert b"beyond ASCII" in answer.body
    settings.TRUSTED_PROXIES = []
    assert call(build_application())("GET", "/oauth2/token", "", b"", {name: ""}).status == 405
