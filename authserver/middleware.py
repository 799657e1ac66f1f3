"""What the pages for people need around them. The protocol door has its own wrapper."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from accounts.authentication import SID_MEMBER
from authserver import health
from oidc.conf import configuration
from oidc.doors.cors import ANSWER_HEADERS, preflight_headers
from oidc.doors.wrapper import new_reference
from oidc.errors import SessionEnded
from oidc.http import NO_STORE
from oidc.languages import speak
from oidc.logout.browser_state import browser_state_cookie
from oidc.pages.context import waiting_parameters
from oidc.pages.errors import OUTAGES, unavailable
from oidc.stores.redis import sign_ons

GetResponse = Callable[[HttpRequest], HttpResponse]


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


class NoStoreMiddleware:
    """Let no browser and no proxy keep a page, unless the page itself says for how long.

    Without this, the browser's Back would show a person's pages after they have signed out.
    Static files are answered before, and have a policy of their own.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault(*NO_STORE)
        return response


class WellKnownMiddleware:
    """Let scripts of any origin learn that a well-known document is not here.

    Clients try several addresses to find one (MCP does), and ask before (a preflight request). If
    they may not read the 404, they take the whole server for broken.
    """

    PATH = "/.well-known/"

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 404 or not request.path_info.startswith(self.PATH):
            return response
        headers = ANSWER_HEADERS
        if request.method == "OPTIONS":
            response = HttpResponse(status=204)
            requested = request.headers.get("Access-Control-Request-Headers", "")
            headers = preflight_headers(("GET", "HEAD"), requested)
        for name, value in headers:
            response[name] = value
        return response


class SameOriginMiddleware:
    """A form that came from a page of ours needs no token besides: the browser has vouched for it.

    Else the first log-in of somebody with several tabs open would spoil the forms in the others:
    their tokens are those of an older cookie. Browsers that vouch for nothing need the token.

    Spec: Fetch Metadata, `Sec-Fetch-Site`; scripts cannot set it, nor can other sites.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.headers.get("Sec-Fetch-Site") == "same-origin":
            request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        return self.get_response(request)


class StoreUnavailableMiddleware:
    """A store that does not answer a view is a 503, never a sign-out: cookies stay as they are.

    What middlewares meet themselves never gets here: Django gives it to `handler500`.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Catch it right at the view, before Django logs a traceback."""
        return unavailable(request, error) if isinstance(error, OUTAGES) else None


class MonitoringMiddleware:
    """Answer monitoring here, whatever the cookies and the host.

    A session would be asked for on the cluster, and probes know a machine by its address only.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = health.VIEWS.get(request.path_info)
        return self.get_response(request) if view is None else view(request)


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


class BrowserStateMiddleware:
    """Keep the cookie that `check_session_iframe` reads in step with who is signed in."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code >= 500:  # somebody who cannot be served is not signed out by that
            return response
        sid = request.session.get(SID_MEMBER, "") if request.session.get(SESSION_KEY) else ""
        presented = request.COOKIES.get(configuration().browser_state_cookie_name, "")
        for _, cookie in browser_state_cookie(presented, sid):
            response.cookies.load(cookie)
        return response


class UiLocalesMiddleware:
    """Speak the language that the app behind a page asks for, where it asks for one of ours.

    Django's middleware has chosen by the browser before. The admin is English throughout: half of
    it, which Django brings, would speak other languages.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: object) -> None:
        """Choose before the view begins: it may write mails and notes."""
        match = request.resolver_match
        if match and match.app_name == "admin":
            translation.activate(settings.LANGUAGE_CODE)
        if not match or not (match.url_name or "").startswith("account_"):
            return  # protocol endpoints read their bodies themselves
        ui_locales = request.GET.get("ui_locales") or waiting_parameters(request).get("ui_locales")
        if ui_locales:
            speak(ui_locales, request.headers.get("Accept-Language", ""))


def _is_signed_on(user_id: str, sid: str) -> bool:
    if not sid:
        return False
    try:
        sign_ons.find(user_id, sid)
    except SessionEnded:
        return False
    return True
