"""The error page: what happened in plain words, and a reference id that leads to the reason."""

from __future__ import annotations

from django.template.loader import render_to_string

from oidc.errors import ProtocolError
from oidc.http import NO_STORE, Response

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' https: data:; base-uri 'none'; "
    "frame-ancestors 'none'"
)
TITLES = {
    "temporarily_unavailable": "Back in a moment",
    "server_error": "Something went wrong here",
}


def error_page(error: ProtocolError, reference: str) -> Response:
    """Show an error that must not be answered by a redirect."""
    headers = (
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", POLICY),
        NO_STORE,
        *error.headers,
    )
    return Response(error.status_code, render_error(error, reference).encode(), headers)


def render_error(error: ProtocolError, reference: str) -> str:
    """Return the page's HTML. The message is the error's public description."""
    title = TITLES.get(error.error, "This sign-in cannot go on")
    message = error.description[:1].upper() + error.description[1:] + "."
    context = {"title": title, "message": message, "reference": reference}
    return render_to_string("oidc/error.html", context)
