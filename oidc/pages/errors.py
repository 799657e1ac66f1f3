"""Errors of the pages for people."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from oidc import events
from oidc.error_page import render_error
from oidc.errors import ProtocolError
from oidc.http import NO_STORE


def error_view(request: HttpRequest, error: ProtocolError) -> HttpResponse:
    """Show an error from a Django view, with an event as the protocol endpoints leave it."""
    reference = getattr(request, "reference", "")
    match = request.resolver_match
    events.emit(
        events.Event(
            reference=reference,
            endpoint=f"page:{match.url_name if match else request.path[:30]}",
            method=request.method or "",
            status=error.status_code,
            duration_ms=0,
            error=error.error,
            detail=error.detail,
        )
    )
    answer = HttpResponse(render_error(error, reference), status=error.status_code)
    for name, value in (NO_STORE, *error.headers):
        answer[name] = value
    return answer


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's hook: a form came without its token, from another site or after a long wait.

    A log-in form is outdated too if the person has signed in meanwhile in another tab. Its page
    knows the way on.
    """
    match = request.resolver_match
    if match and match.url_name == "account_login" and request.user.is_authenticated:
        return redirect(request.get_full_path())
    error = ProtocolError(
        "invalid_request",
        "this form has expired; please go back, reload the page and try again",
        status=403,
        detail=reason,
    )
    return error_view(request, error)
