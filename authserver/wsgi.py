"""The entry point: `granian --interface wsgi authserver.wsgi:application`.

Proxy headers first, then the issuer's path, then the protocol door, then Django.
"""

from __future__ import annotations

import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "authserver.settings")

from django.core.wsgi import get_wsgi_application

pages = get_wsgi_application()

from django.conf import settings  # noqa: E402  Django is set up only now

from authserver.checks import require_safe_transport  # noqa: E402
from authserver.proxies import PublicScheme, TrustedProxies  # noqa: E402
from oidc.doors.mount import MountedBelow  # noqa: E402
from oidc.doors.wsgi import ProtocolDoor, WSGIApplication  # noqa: E402
from oidc.keys.derived import check_secret_keys  # noqa: E402
from oidc.urls import ENDPOINTS  # noqa: E402

check_secret_keys()
require_safe_transport()

scheme = "https" if settings.IS_HTTPS else "http"
application: WSGIApplication = ProtocolDoor(ENDPOINTS, PublicScheme(pages, scheme))
if settings.FORCE_SCRIPT_NAME:
    application = MountedBelow(application, settings.FORCE_SCRIPT_NAME)
application = TrustedProxies(application, settings.TRUSTED_PROXIES)

# What is loaded now stays for good. Without this, the collector would walk through all of it in the
# middle of somebody's request, now and then.
gc.collect()
gc.freeze()
