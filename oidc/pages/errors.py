"""Errors of the pages for people."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from oidc import events
from oidc.error_page import render_error
from oidc.errors import RETRY_SHORTLY, PageError, ProtocolError, StoreUnavailable, WayOn
from oidc.event import Event
from oidc.http import NO_STORE

OUTAGES = (StoreUnavailable, OperationalError, InterfaceError)
"""What a view raises when the cluster or the database is away."""
UNREADABLE = (SuspiciousOperation, BadRequest, MultiPartParserError)
"""What Django raises for a request of too many parts, or of a broken form."""


def error_view(
    request: HttpRequest, error: ProtocolError, *, client_id: str = "", notes: Sequence[str] = ()
) -> HttpResponse:
    """Show an error from a Django view, with an event as the protocol endpoints leave it.

    `notes`: what the page before has to say, and this one shows.
    """
    reference = getattr(request, "reference", "")
    events.emit(
        Event(
            reference=reference,
            endpoint=page_name(request),
            method=request.method or "",
            status=error.status_code,
            duration_ms=0,
            at=time.time(),
            client_id=client_id,
            error=error.error,
            detail=error.detail,
        )
    )
    answer = HttpResponse(render_error(error, reference, notes=notes), status=error.status_code)
    for name, value in (NO_STORE, *error.headers):
        answer[name] = value
    return answer


def unavailable(request: HttpRequest, error: BaseException) -> HttpResponse:
    """Show that a store does not answer: a 503, never a sign-out."""
    failure = PageError(
        "temporarily_unavailable",
        "the server cannot reach its store; please try again shortly",
        status=503,
        detail=f"{type(error).__name__}: {error}",
        headers=RETRY_SHORTLY,
        ways=(WayOn(request.get_full_path()),),
    )
    return error_view(request, failure)


def bad_request(request: HttpRequest, exception: BaseException) -> HttpResponse:
    """Django's hook: a request that cannot be read. Its page looks at nothing in it again."""
    error = PageError(
        "invalid_request",
        "the request was not understood; please go back and try again",
        title=_("This request was not understood"),
        status=413 if isinstance(exception, RequestDataTooBig) else 400,
        detail=type(exception).__name__,
    )
    return error_view(request, error)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's hook: nobody caught it. Met by a middleware or an error page, or a defect."""
    error = sys.exc_info()[1]
    if isinstance(error, OUTAGES):
        return unavailable(request, error)
    if isinstance(error, UNREADABLE):
        return bad_request(request, error)
    defect = PageError(
        "server_error",
        "the server failed; its log has the reason",
        status=500,
        detail=type(error).__name__,
        ways=(WayOn(request.get_full_path()),),
    )
    return error_view(request, defect)


def page_name(request: HttpRequest) -> str:
    """Name a page by its route: a path has what strangers typed, or the key of a mailed link."""
    match = request.resolver_match
    return f"page:{match.url_name}" if match else "page"


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's hook: a form came without its token, from another site or after a long wait.

    A log-in form is outdated too if the person has signed in meanwhile in another tab. Its page
    knows the way on.
    """
    match = request.resolver_match
    names = ("account_login", "account_login_another")
    if match and match.url_name in names and request.user.is_authenticated:
        return redirect(request.get_full_path())
    error = PageError(
        "invalid_request",
        "this form has expired; please try again",
        status=403,
        detail=reason,
        title=_("This form has expired"),
        ways=(WayOn(request.get_full_path()),),
    )
    return error_view(request, error)
