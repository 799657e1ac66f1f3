"""Who is signed in with the browser that asks for a page."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.authentication import AuthenticationContext, authentication_context


def signed_in(request: HttpRequest) -> AuthenticationContext | None:
    """Return who it is and since when, None if nobody is. A session without `sid` is nobody's."""
    context = authentication_context(dict(request.session.items()))
    return context if context is not None and context.sid else None
