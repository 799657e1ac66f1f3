"""What the pages for people need around them. The protocol door has its own wrapper."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.contrib.auth import SESSION_KEY, logout
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from accounts.authentication import SID_MEMBER
from oidc.doors.wrapper import RETRY_AFTER_SECONDS, new_reference
from oidc.errors import ProtocolError, SessionEnded, StoreUnavailable
from oidc.pages.errors import error_view
from oidc.stores.redis import sign_ons

GetResponse = Callable[[HttpRequest], HttpResponse]

_log = structlog.get_logger("gatehouse.pages")


class RequestReferenceMiddleware:
    """Give each request a reference id, in its log lines and in `X-Request-Id`."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reference = new_reference()
        request.reference = reference  # type: ignore[attr-defined]
        with structlog.contextvars.bound_contextvars(reference=reference):
            response = self.get_response(request)
        if "X-Request-Id" not in response:
            response["X-Request-Id"] = reference
        return response


class StoreUnavailableMiddleware:
    """A store that does not answer is a 503, never a sign-out: cookies stay as they are.

    It stands outside the session middleware, so that saving a session is covered too.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            return self.get_response(request)
        except (StoreUnavailable, OperationalError, InterfaceError) as error:
            return self._unavailable(request, error)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Catch it right at the view, before Django turns it into a 500."""
        if isinstance(error, StoreUnavailable | OperationalError | InterfaceError):
            return self._unavailable(request, error)
        return None

    def _unavailable(self, request: HttpRequest, error: Exception) -> HttpResponse:
        _log.error("store_unavailable", path=request.path, reason=str(error))
        failure = ProtocolError(
            "temporarily_unavailable",
            "the server cannot reach its store; please try again in a few seconds",
            status=503,
            headers=(("Retry-After", str(RETRY_AFTER_SECONDS)),),
        )
        return error_view(request, failure)


class SignOnMiddleware:
    """A browser session without a living session of sign-on is signed out.

    It was ended elsewhere, or never begun because the log-in was cut short.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user_id = request.session.get(SESSION_KEY)
        if user_id and not _is_signed_on(user_id, request.session.get(SID_MEMBER, "")):
            logout(request)
        return self.get_response(request)


def _is_signed_on(user_id: str, sid: str) -> bool:
    if not sid:
        return False
    try:
        sign_ons.find(user_id, sid)
    except SessionEnded:
        return False
    return True
