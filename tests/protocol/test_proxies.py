"""What a proxy says counts if it is trusted. RFC 7239 sections 5 and 8.1."""

from __future__ import annotations

from typing import Any

import pytest

from authserver.proxies import PublicScheme, TrustedProxies

TRUSTED = ["10.0.0.0/8", "2001:db8::1"]


def environ_behind(**environ: str) -> dict[str, Any]:
    """Return what the application sees."""
    seen: dict[str, Any] = {}
    application = TrustedProxies(lambda environ, _: seen.update(environ) or [], TRUSTED)
    application(dict(environ), lambda *_: None)
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
    ],
)
def test_the_last_address_that_is_no_proxy_of_ours(
    remote: str, forwarded_for: str, address: str
) -> None:
    seen = environ_behind(REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded_for)
    assert seen["REMOTE_ADDR"] == address


@pytest.mark.parametrize("remote", ["10.0.0.1", "192.0.2.1"])
def test_no_forwarded_header_goes_further(remote: str) -> None:
    headers = {f"HTTP_X_FORWARDED_{name}": "x" for name in ("FOR", "PROTO", "HOST")}
    assert set(environ_behind(REMOTE_ADDR=remote, **headers)) == {"REMOTE_ADDR"}


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_scheme_is_the_issuers(scheme: str) -> None:
    seen: dict[str, Any] = {}
    application = PublicScheme(lambda environ, _: seen.update(environ) or [], scheme)
    application({"wsgi.url_scheme": "gopher"}, lambda *_: None)
    assert seen["wsgi.url_scheme"] == scheme


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
def test_without_proxies_ipv4_is_ipv4_whatever_the_socket(remote: str, address: str) -> None:
    """Rate limits count IPv6 by networks, and all mapped addresses lie in one."""
    seen: dict[str, Any] = {}
    application = TrustedProxies(lambda environ, _: seen.update(environ) or [], [])
    application({"REMOTE_ADDR": remote, "HTTP_X_FORWARDED_FOR": "203.0.113.9"}, lambda *_: None)
    assert seen == {"REMOTE_ADDR": address}
