"""Builds the application, layer by layer: the one construction, for the server and for tests."""

from __future__ import annotations

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

from authserver import health
from authserver.bodies import WholeBodies
from authserver.checks import require_safe_transport
from authserver.hosts import KnownHosts
from authserver.places import Places
from authserver.proxies import PublicScheme, TrustedProxies
from authserver.readable_headers import ReadableHeaders
from authserver.serving import Server
from oidc.doors.mount import MountedBelow
from oidc.doors.wsgi import ProtocolDoor, WSGIApplication
from oidc.keys.derived import check_secret_keys
from oidc.urls import ENDPOINTS
from oidc.waiting_room import THREADS


def build_application() -> WSGIApplication:
    """Return the whole server.

    From the outside in: proxy headers, the issuer's path and host, headers that cannot be read, the
    body, a place to work at, the protocol door, Django.

    Raises:
        ImproperlyConfigured: settings that are not safe.
    """
    check_secret_keys()
    require_safe_transport()
    scheme = "https" if settings.IS_HTTPS else "http"
    application: WSGIApplication = ProtocolDoor(ENDPOINTS, PublicScheme(WSGIHandler(), scheme))
    bodies = WholeBodies(Places(application, THREADS), Server.of_this_process())
    bodies.watch()
    readable = ReadableHeaders(
        bodies,
        base_path=settings.FORCE_SCRIPT_NAME or "",
        readable_without_cookies=("/static/", *health.VIEWS),
    )
    application = KnownHosts(
        readable,
        issuer=settings.ISSUER,
        issuer_host=settings.ISSUER_HOST,
        allowed=settings.ALLOWED_HOSTS,
        monitoring=health.VIEWS,
    )
    if settings.FORCE_SCRIPT_NAME:
        application = MountedBelow(application, settings.FORCE_SCRIPT_NAME)
    return TrustedProxies(application, settings.TRUSTED_PROXIES)
