"""Who may look inside: at the metrics, and at the reasons why the server is not ready."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest

from authserver.hosts import is_address, is_allowed, is_loopback
from authserver.proxies import FORWARDED


def may_look_inside(request: HttpRequest) -> bool:
    """Tell whether a caller has the monitoring token; without one, whether it is one of our own.

    That is a caller on loopback or a private network, who came without a proxy: what a proxy lets
    in may come from anywhere. And one who asks for an address, or for a name of ours: a page of
    some website has the browser of one of our own ask, under a name that it turned to our address
    (DNS rebinding). Spec: RFC 6750 section 2.1.
    """
    if settings.MONITORING_TOKEN:
        scheme, _, presented = request.headers.get("Authorization", "").partition(" ")
        expected = settings.MONITORING_TOKEN.encode()
        return scheme.lower() == "bearer" and hmac.compare_digest(presented.encode(), expected)
    return (
        not request.META.get(FORWARDED)
        and _is_private(request.META.get("REMOTE_ADDR", ""))
        and _is_ours(request.META.get("HTTP_HOST", ""))
    )


def _is_ours(host: str) -> bool:
    return is_address(host) or is_loopback(host) or is_allowed(host, settings.ALLOWED_HOSTS)


def _is_private(address: str) -> bool:
    try:
        return not ip_address(address).is_global
    except ValueError:
        return False
