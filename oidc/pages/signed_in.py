"""Who is signed in with the browser that asks for a page."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.authentication import AuthenticationContext
from oidc.account_state import signed_in_with_account


def signed_in(request: HttpRequest) -> AuthenticationContext | None:
    """Return who it is and since when, None if nobody is."""
    return signed_in_with_account(dict(request.session.items()))
