"""The page behind every authorization request that waits for a person.

Log-in and re-authentication are the account pages' work: this page sends there and is come back to.
Account choice and consent happen here. The request itself never shows in a URL.
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth import logout
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.authentication import AuthenticationContext
from accounts.split_url import find_host
from oidc.authorization import deny_authorization, grant_authorization
from oidc.clients.repository import find_client
from oidc.clients.validation.addresses import LOOPBACK_HOSTS
from oidc.clients.way_in import way_into
from oidc.doors.django import to_django
from oidc.errors import NotFound, PageError, ProtocolError, SessionEnded, Text
from oidc.http import Parameters, Response
from oidc.http import redirect as see_other
from oidc.interaction_address import Trace, trace_in
from oidc.interactions import browser_hashes, find_interaction
from oidc.languages import speak
from oidc.pages.errors import error_view
from oidc.pages.scopes import claims_in_plain_words, scopes_in_plain_words
from oidc.pages.signed_in import signed_in
from oidc.requests.authorization_request import AuthorizationRequest
from oidc.requests.consent import ClientChanged, remember_consent
from oidc.requests.decision import Need, next_need
from oidc.requests.validation import ErrorForClient, validate_authorization_request
from oidc.response_mode import authorization_error_response
from oidc.stores.records import Interaction
from oidc.stores.redis import interactions

ACCOUNT_PAGES = {
    Need.LOGIN: "account_login",
    Need.SIGN_UP: "account_signup",
    Need.REAUTHENTICATION: "account_reauthenticate",
}


@never_cache
@require_http_methods(["GET", "POST"])
def interaction(request: HttpRequest, interaction_id: str) -> HttpResponse:
    """Do the next thing that the waiting request needs, until nothing is needed any more."""
    client_id = ""
    try:
        waiting = find_interaction(interaction_id, request.COOKIES)
        client_id = waiting.parameters.get("client_id", "")
        _speak(request, waiting)
        authorization = validate_authorization_request(Parameters(waiting.parameters.items()))
        return _go_on(request, waiting, authorization)
    except NotFound:
        return _not_waiting(request)
    except PageError as error:
        return error_view(request, error, client_id=client_id)
    except ErrorForClient as failure:
        answer = authorization_error_response(failure.target, failure.error)
        return _finish(request, interaction_id, answer)


def _go_on(
    request: HttpRequest, waiting: Interaction, authorization: AuthorizationRequest
) -> HttpResponse:
    if request.method == "POST" and request.POST.get("decision") == "deny":
        return _finish(request, waiting.interaction_id, deny_authorization(authorization))
    context = signed_in(request)
    if context is not None and _was_shown_to_another(request, context):
        return _ask_for_account(request, authorization, may_continue=True)
    try:
        need = next_need(authorization, context, waiting)
    except ProtocolError as error:
        raise ErrorForClient(authorization, error) from error
    if need in ACCOUNT_PAGES:
        return _send_to(ACCOUNT_PAGES[need], request)
    if need in (Need.ACCOUNT_SELECTION, Need.OTHER_ACCOUNT):
        return _choose_account(
            request, waiting, authorization, may_continue=need is Need.ACCOUNT_SELECTION
        )
    assert context is not None  # noqa: S101 next_need asks for a log-in otherwise
    if need is Need.CONSENT:
        if request.POST.get("decision") != "allow":
            return _ask_consent(request, authorization)
        try:
            remember_consent(
                context.user_id,
                authorization.client.client_id,
                authorization.scope,
                authorization.claims.releasable,
                shown=authorization.client,
            )
        except ClientChanged:
            return redirect("interaction", waiting.interaction_id)
    return _grant(request, waiting, authorization, context)


def _grant(
    request: HttpRequest,
    waiting: Interaction,
    authorization: AuthorizationRequest,
    context: AuthenticationContext,
) -> HttpResponse:
    """Issue first, then finish: if the store fails in between, reloading the page goes on. A code
    that was issued but lost the race to finish is never given out, and expires."""
    try:
        answer = grant_authorization(authorization, context)
    except ProtocolError as error:
        raise ErrorForClient(authorization, error) from error
    except SessionEnded:
        logout(request)
        return _send_to("account_login", request)
    return _finish(request, waiting.interaction_id, answer)


def _finish(request: HttpRequest, interaction_id: str, answer: Response) -> HttpResponse:
    """End the interaction, once, and give the answer to the client."""
    interactions.consume(interaction_id, request_id=request.reference)  # type: ignore[attr-defined]
    return to_django(answer)


def _choose_account(
    request: HttpRequest,
    waiting: Interaction,
    authorization: AuthorizationRequest,
    *,
    may_continue: bool,
) -> HttpResponse:
    """Ask. The person who is signed in stays so until somebody else has signed in."""
    choice = request.POST.get("account")
    if choice == "other":
        return _send_to("account_login_another", request)
    if choice == "continue" and may_continue:
        interactions.select_account(waiting.interaction_id)
        return redirect(request.get_full_path())
    return _ask_for_account(request, authorization, may_continue=may_continue)


def _was_shown_to_another(request: HttpRequest, context: AuthenticationContext) -> bool:
    """Tell whether a form is from before another person signed in, in another tab.

    What somebody clicked as one person must not be done as the other.
    """
    return request.POST.get("person", context.user_id) != context.user_id


def _ask_for_account(
    request: HttpRequest, authorization: AuthorizationRequest, *, may_continue: bool
) -> HttpResponse:
    context = {
        "client": authorization.client,
        "person": request.user,
        "may_continue": may_continue,
    }
    return render(request, "oidc/select_account.html", context)


def _ask_consent(request: HttpRequest, authorization: AuthorizationRequest) -> HttpResponse:
    context = {
        "client": authorization.client,
        "scopes": scopes_in_plain_words(authorization.scope)
        + claims_in_plain_words(authorization.claims.releasable, authorization.scope),
        "person": request.user,
        "host": _host_of(authorization.redirect_uri),
    }
    return render(request, "oidc/consent.html", context)


def _host_of(redirect_uri: str) -> str:
    """Return the host that the browser will go to, nothing if an app on this device answers.

    As it was registered: a name in other letters than ASCII is in Punycode, and imitates nobody.
    """
    host = find_host(redirect_uri) if redirect_uri.startswith(("https:", "http:")) else ""
    return "" if LOOPBACK_HOSTS & {host, f"[{host}]"} else host


def _send_to(page: str, request: HttpRequest) -> HttpResponse:
    """Send to an account page, which comes back here."""
    return redirect(f"{reverse(page)}?{urlencode({'next': request.get_full_path()})}")


def _not_waiting(request: HttpRequest) -> HttpResponse:
    """Lead on from a request that is finished, has expired, or was started in another browser.

    A finished one goes back to the app: somebody came by the browser's Back, or clicked twice. Its
    address tells which app that is (`oidc.interaction_address`).
    """
    trace = trace_in(request.get_full_path())
    client = find_client(trace.client_id) if trace else None
    ways = way_into(client) if client else ()
    title: Text = ""
    description = _NOT_WAITING
    if trace is not None:
        is_of_this_browser = trace.is_of(browser_hashes(request.COOKIES))
        if is_of_this_browser and not trace.is_over and ways:
            return to_django(see_other(ways[0].address))
        title, description = _not_waiting_because(trace, is_of_this_browser=is_of_this_browser)
    error = PageError("invalid_request", description, title=title, ways=ways)
    notes = [str(message) for message in get_messages(request)]
    return error_view(request, error, client_id=trace.client_id if trace else "", notes=notes)


def _not_waiting_because(trace: Trace, *, is_of_this_browser: bool) -> tuple[Text, str]:
    """Return the title and the description of the page."""
    if not is_of_this_browser:
        return _("This sign-in was started in another browser"), _ELSEWHERE
    if trace.is_over:
        return _("This sign-in has expired"), _EXPIRED
    return _("This sign-in is finished"), _FINISHED


def _speak(request: HttpRequest, waiting: Interaction) -> None:
    accepted = request.headers.get("Accept-Language", "")
    speak(waiting.parameters.get("ui_locales", ""), accepted)


_NOT_WAITING = gettext_noop(
    "this sign-in is already finished, has expired, or was started in another browser; "
    "please go back to the application and start again"
)
_ELSEWHERE = gettext_noop(
    "a sign-in works only in the browser that started it, and only while that browser keeps its "
    "cookies; please go back to the application and start again"
)
_EXPIRED = gettext_noop(
    "you have one hour to sign in; please go back to the application and start again"
)
_FINISHED = gettext_noop("you can close this window, or go back to the application")
