"""The iframe in which apps ask whether the sign-in has changed.

Spec: OpenID Connect Session Management 1.0 section 3.2. The page is the same for everybody: its
script reads the cookie of `logout.browser_state`. Any site may frame it, and nothing on it could be
clicked.
"""

from __future__ import annotations

from html import escape

from oidc.conf import configuration
from oidc.http import Request, Response

POLICY = "default-src 'none'; script-src 'self'; base-uri 'none'"
CACHE_SECONDS = 300


def check_session(request: Request) -> Response:
    """Answer with the page. No I/O."""
    configured = configuration()
    script = f"{configured.base_path}/static/oidc/check_session.js"
    page = (
        "<!doctype html><html lang=en><head><meta charset=utf-8><title>Session</title>"
        f'<script id="check-session" src="{escape(script)}"'
        f' data-cookie="{escape(configured.browser_state_cookie_name)}"></script>'
        "</head><body></body></html>"
    )
    headers = (
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", POLICY),
        ("Cache-Control", f"public, max-age={CACHE_SECONDS}"),
    )
    return Response(200, page.encode(), headers)
