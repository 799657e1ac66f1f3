"""The error page: what happened in plain words, and a reference id that leads to the reason."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oidc.errors import ProtocolError
from oidc.http import NO_STORE, Response

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' https: data:; base-uri 'none'; "
    "frame-ancestors 'none'"
)
TITLES = {
    "temporarily_unavailable": _("Back in a moment"),
    "server_error": _("Something went wrong here"),
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
    """Return the page's HTML. The message is the error's public description, in the language that
    is spoken if somebody has translated it: what only a developer meets stays English."""
    title = TITLES.get(error.error, _("This sign-in cannot go on"))
    context = {"title": title, "message": sentence(error.description), "reference": reference}
    return render_to_string("oidc/error.html", context)


def sentence(description: str) -> str:
    """Return the public description of an error as a sentence, in the language that is spoken."""
    translated = gettext(description) if description else ""
    return translated[:1].upper() + translated[1:] + "." if translated else ""
