"""Proxy headers, believed from named addresses only. Spec: RFC 7239 section 5."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from oidc.doors.wsgi import WSGIApplication

FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST")


class TrustedProxies:
    """Put the client's own address into the environ, for both doors.

    The address is the last one in `X-Forwarded-For` that is not a trusted proxy itself: whatever
    stands further left was written by strangers. Without trusted proxies, the header is dropped.

    A socket for both versions of IP shows every IPv4 address as one of the same small IPv6 network
    (`::ffff:192.0.2.7`). Such are read as IPv4, or all of them would share one rate limit.
    """

    def __init__(self, application: WSGIApplication, trusted: Iterable[str]) -> None:
        self._application = application
        self._networks = [ip_network(value, strict=False) for value in trusted]

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        environ["REMOTE_ADDR"] = _unmapped(environ.get("REMOTE_ADDR", ""))
        if self._networks and self._is_trusted(environ["REMOTE_ADDR"]):
            chain = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
            for entry in reversed([value.strip() for value in chain if value.strip()]):
                address = _unmapped(entry)
                if not _is_address(address):
                    break
                environ["REMOTE_ADDR"] = address
                if not self._is_trusted(address):
                    break
        for name in FORWARDED:
            environ.pop(name, None)
        return self._application(environ, start_response)

    def _is_trusted(self, address: str) -> bool:
        if not _is_address(address):
            return False
        return any(ip_address(address) in network for network in self._networks)


class PublicScheme:
    """Give each request the issuer's scheme, as it gets the issuer's host from configuration.

    TLS ends at a proxy, and one that tells nothing, or is not trusted, would make Django take https
    for http: it would refuse the Origin of every form, and leave HSTS out.
    """

    def __init__(self, application: WSGIApplication, scheme: str) -> None:
        self._application = application
        self._scheme = scheme

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        environ["wsgi.url_scheme"] = self._scheme
        return self._application(environ, start_response)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _unmapped(address: str) -> str:
    """Return the IPv4 address in an IPv4-mapped one (RFC 4291 section 2.5.5.2)."""
    if not address.lower().startswith("::ffff:") or not _is_address(address):
        return address
    return str(IPv6Address(address).ipv4_mapped or address)
