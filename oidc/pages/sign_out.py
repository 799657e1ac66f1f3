"""The one way to sign out, for people and for the apps that send them here.

It asks where it must, ends the session, and lets the browser tell the apps that want to be told by
it. Those that want to be told by the server are in the outbox by then.

Spec: OpenID Connect RP-Initiated Logout 1.0; Front-Channel Logout 1.0.
"""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import urlencode

from csp.decorators import csp_update
from django.contrib.auth import logout as forget_browser_session
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.authentication import AuthenticationContext
from accounts.signals import sign_out_everywhere
from oidc.endpoints import end_session as endpoint
from oidc.error_page import sentence
from oidc.errors import NotFound, PageError, SessionEnded
from oidc.http import Parameters
from oidc.interactions import find_interaction, keep_for_browser
from oidc.languages import speak, spoken_language
from oidc.logout.ending import end_session
from oidc.logout.front_channel import front_channels
from oidc.logout.request import LogoutRequest, validate_logout_request
from oidc.pages.errors import error_view
from oidc.pages.signed_in import signed_in
from oidc.stores.records import SignOn
from oidc.stores.redis import interactions, sign_ons
from oidc.tokens.subjects import subject_for

FAREWELL = "farewell"


@never_cache
@require_http_methods(["GET", "POST"])
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out of this browser, from the account's own pages. Goes on to `next`, a path of ours."""
    context = signed_in(request)
    following = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(following, allowed_hosts=None):
        following = ""
    if context is None:
        return _go(following)
    if request.method == "POST":
        return _leave(request, context, following)
    return _ask(request, LogoutRequest())


@never_cache
@require_http_methods(["GET", "POST"])
def everywhere(request: HttpRequest) -> HttpResponse:
    """Sign out of every browser and every app."""
    context = signed_in(request)
    if context is None:
        return _go("")
    # A form that was shown to another person, before this one signed in, asks this one again.
    if request.POST.get("person") != context.user_id:
        return render(request, "oidc/sign_out_everywhere.html", {"person": request.user})
    # This browser's session first, by itself: its apps may want to be told by the browser.
    ended = end_session(context.user_id, context.sid)
    sign_out_everywhere(context.user_id)
    return _farewell(request, ended, "")


@never_cache
@require_http_methods(["GET", "POST"])
def for_client(request: HttpRequest, logout_id: str) -> HttpResponse:
    """Do what a client has sent a person here for.

    Nothing is asked if the client proved, with its ID token, that it means this very session. What
    was wrong with the request is said here, where the app's developer sees it.
    """
    context = signed_in(request)
    try:
        waiting = find_interaction(logout_id, request.COOKIES, purpose=endpoint.PURPOSE)
    except NotFound:
        return _go("") if context is None else error_view(request, _NOT_WAITING)
    ui_locales = waiting.parameters.get("ui_locales", "")
    speak(ui_locales, request.headers.get("Accept-Language", ""))
    wanted = validate_logout_request(Parameters(waiting.parameters.items()))
    target = wanted.return_address or _signed_out_page(spoken_language() if ui_locales else "")
    problem = _Problem(
        waiting.parameters.get(endpoint.REFERENCE, ""),
        sentence(waiting.parameters.get(endpoint.PROBLEM, "")),
    )
    if context is None and problem.reference:
        return render(request, "oidc/not_signed_in.html", problem._asdict(), status=400)
    if context is not None and request.method != "POST" and not _is_proven(wanted, context):
        return _ask(request, wanted, problem)
    interactions.consume(logout_id, request_id=request.reference)  # type: ignore[attr-defined]
    if context is None:
        return _go(target)
    return _leave(request, context, target)


@never_cache
@require_safe
def signing_out(request: HttpRequest, farewell_id: str) -> HttpResponseBase:
    """Show the frames in which apps are told, then go on. Showing it again does no harm.

    The page's policy lets in frames of these apps, and of nobody else.
    """
    try:
        farewell = find_interaction(farewell_id, request.COOKIES, purpose=FAREWELL).parameters
    except NotFound:
        return _go("")
    speak(farewell.get("language", ""))
    channels = front_channels(farewell["clients"].split(), farewell["sid"])
    context = {"channels": channels, "target": farewell["target"] or _signed_out_page()}
    origins = list(dict.fromkeys(channel.origin for channel in channels))

    @csp_update({"frame-src": origins})
    def page(request: HttpRequest) -> HttpResponse:
        return render(request, "oidc/signing_out.html", context)

    return page(request)


class _Problem(NamedTuple):
    """What was wrong with a client's request. Both are empty if nothing was."""

    reference: str
    """Leads an admin to it."""
    reason: str
    """In the words that the person is shown. Empty for requests kept by an older release."""


_NO_PROBLEM = _Problem("", "")


def _is_proven(wanted: LogoutRequest, context: AuthenticationContext) -> bool:
    """Tell whether a client may end this session without asking. One round trip."""
    try:
        session = sign_ons.find(context.user_id, context.sid)
    except SessionEnded:
        return False
    return wanted.is_about(context, session)


def _ask(
    request: HttpRequest, wanted: LogoutRequest, problem: _Problem = _NO_PROBLEM
) -> HttpResponse:
    context = {
        **problem._asdict(),
        "client": wanted.client,
        "person": request.user,
        "means_another": _means_another(request.user, wanted),
    }
    return render(request, "oidc/sign_out.html", context)


def _means_another(person: Any, wanted: LogoutRequest) -> bool:
    """Tell whether the client named somebody, and not the one who is signed in."""
    named = wanted.hinted_subject or wanted.logout_hint
    names = {str(person.pk), person.get_username(), person.email}
    if wanted.client is not None:
        names.add(subject_for(wanted.client, str(person.pk)))
    return bool(named) and named.lower() not in {name.lower() for name in names}


def _leave(request: HttpRequest, context: AuthenticationContext, target: str) -> HttpResponse:
    """End this browser's session and go on to `target`."""
    return _farewell(request, end_session(context.user_id, context.sid), target)


def _farewell(request: HttpRequest, ended: SignOn | None, target: str) -> HttpResponse:
    """Forget the browser's session. Go on, by way of the frames if some app needs one."""
    forget_browser_session(request)
    if ended is None or not front_channels(ended.client_ids, ended.sid):
        return _go(target)
    remembered = {
        "sid": ended.sid,
        "clients": " ".join(ended.client_ids),
        "target": target,
        "language": spoken_language(),
    }
    farewell, headers = keep_for_browser(request.COOKIES, remembered, purpose=FAREWELL)
    answer = redirect("signing_out", farewell.interaction_id)
    for _, cookie in headers:
        answer.cookies.load(cookie)
    return answer


def _go(target: str) -> HttpResponse:
    """Redirect to a checked address, or to the page that says "signed out"."""
    answer = HttpResponse(status=303)
    answer["Location"] = target or _signed_out_page()
    return answer


def _signed_out_page(language: str = "") -> str:
    """Return its address, with a language that an app asked for: nothing is kept for this page."""
    query = f"?{urlencode({'ui_locales': language})}" if language else ""
    return reverse("account_signed_out") + query


_NOT_WAITING = PageError(
    "invalid_request",
    "this sign-out has expired, or was started in another browser; please start it again",
)
