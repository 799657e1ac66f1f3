"""The error page: what happened in plain words, and a reference id that leads to the reason."""

from __future__ import annotations

from collections.abc import Sequence

from django.template.loader import render_to_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oidc.conf import configuration
from oidc.errors import PageError, ProtocolError, WayOn
from oidc.http import NO_STORE, Response

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "frame-ancestors 'none'"
)
TITLES = {
    "temporarily_unavailable": _("Back in a moment"),
    "server_error": _("Something went wrong here"),
}


def error_page(error: ProtocolError, reference: str, *, ways: tuple[WayOn, ...] = ()) -> Response:
    """Show an error that must not be answered by a redirect. `ways`: besides the error's own."""
    headers = (
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", POLICY),
        NO_STORE,
        *error.headers,
    )
    return Response(error.status_code, render_error(error, reference, ways=ways).encode(), headers)


def render_error(
    error: ProtocolError,
    reference: str,
    *,
    ways: tuple[WayOn, ...] = (),
    notes: Sequence[str] = (),
) -> str:
    """Return the page's HTML. The message is the error's public description, in the language that
    is spoken if somebody has translated it: what only a developer meets stays English.

    `ways`: links besides the error's own. `notes`: what the page before has to say.
    """
    own = error if isinstance(error, PageError) else None
    title = TITLES.get(error.error, _("This sign-in cannot go on"))
    context = {
        "title": (own and own.title) or title,
        "message": sentence(error.description),
        "facts": own.facts if own else (),
        "ways": (*(own.ways if own else ()), *ways),
        "notes": notes,
        "account": f"{configuration().base_path}/accounts/",
        "reference": reference,
    }
    return render_to_string("oidc/error.html", context)


def sentence(description: str) -> str:
    """Return the public description of an error as a sentence, in the language that is spoken.

    The name of a parameter in front keeps its spelling: developers search for it.
    """
    if not description:
        return ""
    text = gettext(description)
    if "_" not in text.partition(" ")[0]:
        text = text[:1].upper() + text[1:]
    return text + "."
