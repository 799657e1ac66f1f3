"""Proxy headers, believed from named addresses only. Spec: RFC 7239 section 5."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import ip_address, ip_network
from typing import Any

from oidc.doors.wsgi import WSGIApplication

FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST")


class TrustedProxies:
    """Put the client's own address into the environ, for both doors.

    The address is the last one in `X-Forwarded-For` that is not a trusted proxy itself: whatever
    stands further left was written by strangers.
    """

    def __init__(self, application: WSGIApplication, trusted: Iterable[str]) -> None:
        self._application = application
        self._networks = [ip_network(value, strict=False) for value in trusted]

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        if self._is_trusted(environ.get("REMOTE_ADDR", "")):
            chain = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
            for address in reversed([value.strip() for value in chain if value.strip()]):
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
