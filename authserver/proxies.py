"""Proxy headers, believed from named addresses only. Spec: RFC 7239 section 8.1; RFC 9440 2.4."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from authserver.forwarded import (
    Malformed,
    addresses_of_forwarded,
    addresses_of_x_forwarded_for,
    plain_address,
)
from oidc.doors.wsgi import WSGIApplication

ADDRESS_HEADERS = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR")
HEADERS_READ_HERE = (*ADDRESS_HEADERS, "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST")
SIGNS_OF_A_PROXY = (*HEADERS_READ_HERE, "HTTP_VIA", "HTTP_X_REAL_IP")
CERTIFICATE_HEADERS = ("HTTP_CLIENT_CERT", "HTTP_CLIENT_CERT_CHAIN")
_HEADERS_LOOKED_AT = frozenset({*SIGNS_OF_A_PROXY, *CERTIFICATE_HEADERS})

FORWARDED = "gatehouse.forwarded"
"""In the environ if somebody, trusted or not, says to have passed this request on."""

UNREADABLE_ADDRESS = "gatehouse.unreadable_address"
"""In the environ if a trusted proxy told an address in a header that the server could not read."""
PEER = "gatehouse.peer"
"""In the environ: the address at the other end of the connection, whatever headers tell."""


class TrustedProxies:
    """Put the client's own address into the environ, for both doors.

    It is the last address that is not a trusted proxy itself: whatever stands further left was
    written by strangers. So it is from `Forwarded` or from `X-Forwarded-For`. If both are there and
    differ, one of them may be the client's own work, passed on by a proxy that knows only the
    other; then neither counts, and the request is the proxy's.

    Who is not a trusted proxy has no certificate to tell of (RFC 9440). No header that was read
    here, and none that was not believed, goes further.

    A socket for both versions of IP shows every IPv4 address as one of the same small IPv6 network
    (`::ffff:192.0.2.7`). Such are read as IPv4, or all of them would share one rate limit.
    """

    def __init__(self, application: WSGIApplication, trusted: Iterable[str]) -> None:
        self._application = application
        self._networks = [_network(value) for value in trusted]

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        peer = environ.get("REMOTE_ADDR", "")
        address = plain_address(peer)
        environ[PEER] = address
        if environ.keys().isdisjoint(_HEADERS_LOOKED_AT):
            environ["REMOTE_ADDR"] = address or peer
            return self._application(environ, start_response)
        if self._is_trusted(address):
            forwarded, x_forwarded_for = (environ.get(name, "") for name in ADDRESS_HEADERS)
            if any(environ.get(name) == "" for name in ADDRESS_HEADERS):
                environ[UNREADABLE_ADDRESS] = True
            address = self._client_behind(address, forwarded, x_forwarded_for)
        else:
            for name in CERTIFICATE_HEADERS:
                environ.pop(name, None)
        if not environ.keys().isdisjoint(SIGNS_OF_A_PROXY):
            environ[FORWARDED] = True
        for name in HEADERS_READ_HERE:
            environ.pop(name, None)
        environ["REMOTE_ADDR"] = address or peer
        return self._application(environ, start_response)

    def _client_behind(self, proxy: str, forwarded: str, x_forwarded_for: str) -> str:
        """Return whose request a trusted proxy passes on, as far as it can be told."""
        told = set()
        if forwarded:
            try:
                told.add(self._first_stranger(proxy, addresses_of_forwarded(forwarded)))
            except Malformed:
                return proxy
        if x_forwarded_for:
            chain = addresses_of_x_forwarded_for(x_forwarded_for)
            told.add(self._first_stranger(proxy, chain))
        return told.pop() if len(told) == 1 else proxy

    def _first_stranger(self, proxy: str, chain: list[str]) -> str:
        """Walk from the proxy outwards, as long as each hop is one of ours, and can be told."""
        for address in reversed(chain):
            if not address:
                break
            proxy = address
            if not self._is_trusted(address):
                break
        return proxy

    def _is_trusted(self, address: str) -> bool:
        if not self._networks or not address:
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


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError as error:
        problem = f"TRUSTED_PROXIES: {text} is neither an address nor a network"
        raise ImproperlyConfigured(problem) from error
