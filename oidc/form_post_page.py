"""The page that posts an authorization response to the client. It has no script of its own in it.

Spec: OAuth 2.0 Form Post Response Mode section 2.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.template.loader import render_to_string

from oidc.http import NO_STORE, Response

# No form-action here: the form goes to the client.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def form_post_page(action: str, members: Mapping[str, str]) -> Response:
    """Show the form: the script sends it at once, and without scripts the person does."""
    context = {"action": action, "members": members.items()}
    headers = (
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", POLICY),
        NO_STORE,
    )
    return Response(200, render_to_string("oidc/form_post.html", context).encode(), headers)
