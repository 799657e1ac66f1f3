"""The names under which the server answers, for both doors. Spec: RFC 9110 section 7.4."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote

import structlog
from django.http.request import split_domain_port, validate_host
from django.utils.translation import gettext_lazy as _

from authserver.issuer import LOOPBACK_HOSTS
from authserver.refusals import is_for_machines, protected, refuse
from oidc.doors.wrapper import new_reference
from oidc.doors.wsgi import WSGIApplication, answer
from oidc.errors import PageError
from oidc.http import redirect

_log = structlog.get_logger("authserver.hosts")
_LONGEST_HOST = 262
"""A domain name has up to 253 characters (RFC 1035 section 2.3.4), then comes a port."""
_UNKNOWN = PageError(
    "invalid_request",
    "this server does not answer to this host name",
    title=_("This request was not understood"),
)


class KnownHosts:
    """Refuse requests that ask for a host of somebody else, with one line in the log.

    Monitoring is not asked here: probes know a machine by its address (see `monitoring`).

    In a local installation `127.0.0.1`, `[::1]` and `0.0.0.0` are other names of the issuer's host.
    A browser that comes by one of them is sent to the issuer's address, since cookies and redirect
    URIs belong to that one; what machines ask for is answered.
    """

    def __init__(
        self,
        application: WSGIApplication,
        *,
        issuer: str,
        issuer_host: str,
        allowed: Iterable[str],
        monitoring: Iterable[str],
    ) -> None:
        self._application = application
        self._issuer = issuer
        self._is_local = issuer_host in LOOPBACK_HOSTS
        self._monitoring = frozenset(monitoring)
        self._is_allowed = lru_cache(maxsize=64)(_is_allowed_by(list(allowed)))

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        host, path = environ.get("HTTP_HOST", ""), environ.get("PATH_INFO", "")
        if (len(host) <= _LONGEST_HOST and self._is_allowed(host)) or path in self._monitoring:
            return self._application(environ, start_response)
        if self._is_local and is_loopback(host):
            if is_for_machines(environ):
                return self._application(environ, start_response)
            if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
                there = redirect(self._at_the_issuer(environ))
                return answer(environ, start_response, protected(there, new_reference()))
        body, reference = refuse(environ, start_response, _UNKNOWN)
        _log.warning(
            "a request for an unknown host was refused",
            reference=reference,
            host=host[:_LONGEST_HOST],
            remote_address=environ.get("REMOTE_ADDR", ""),
        )
        return body

    def _at_the_issuer(self, environ: dict[str, Any]) -> str:
        path = quote(environ["PATH_INFO"].encode("latin-1"), safe="/:@!$&'()*+,;=~")
        query = environ.get("QUERY_STRING", "")
        return f"{self._issuer}{path}{'?' if query else ''}{query}"


def is_loopback(host: str) -> bool:
    """Tell whether a Host header names this machine to itself, with or without a port."""
    domain, _ = split_domain_port(host)
    if domain == "localhost":
        return True
    address = _address(domain)
    return address is not None and (address.is_loopback or address.is_unspecified)


def is_address(host: str) -> bool:
    """Tell whether a Host header has an address, which no name service can turn elsewhere."""
    domain, _ = split_domain_port(host)
    return _address(domain) is not None


def is_allowed(host: str, allowed: list[str]) -> bool:
    """Tell whether a Host header has one of these names. Spec: Django's `ALLOWED_HOSTS`."""
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, allowed)


def _is_allowed_by(allowed: list[str]) -> Callable[[str], bool]:
    return lambda host: is_allowed(host, allowed)


def _address(domain: str) -> Any:
    try:
        return ip_address(domain.strip("[]"))
    except ValueError:
        return None
