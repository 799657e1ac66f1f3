"""The authorization endpoint. It never asks a person anything: it redirects.

Spec: RFC 6749 section 3.1; OpenID Connect Core 1.0 section 3.1.2.
"""

from __future__ import annotations

from collections.abc import Mapping

from accounts.authentication import AuthenticationContext
from oidc.account_state import signed_in_with_account
from oidc.authorization import grant_authorization
from oidc.conf import configuration
from oidc.errors import NotFound, PageError, ProtocolError, SessionEnded
from oidc.http import Parameters, Request, Response, redirect
from oidc.interaction_address import address_of
from oidc.interactions import keep_for_resumption, resume, start_interaction
from oidc.languages import speak
from oidc.logout.browser_state import browser_state_cookie
from oidc.requests.authorization_request import AuthorizationRequest
from oidc.requests.decision import Need, next_need
from oidc.requests.validation import ErrorForClient, validate_authorization_request
from oidc.response_mode import Target, authorization_error_response
from oidc.stores.redis import browser_sessions, sign_ons

RESUME_PARAMETER = "resume"
LONGEST_NOTE = 200
"""Characters of what a client sent that go into the log."""


def authorize(request: Request) -> Response:
    """Answer an authorization request, or hand it over to the pages for people."""
    try:
        parameters = _parameters_of(request)
        request.notes["client_id"] = parameters.get("client_id", "")[:255]
        authorization = validate_authorization_request(parameters, request.request_id)
        if request.method == "POST" and not request.cookie(configuration().session_cookie_name):
            return _see_other_with_cookies(request, authorization.read_parameters)
        return _answer(request, authorization)
    except ErrorForClient as failure:
        return _to_client(request, failure)


def _note_dropped_scope(request: Request, authorization: AuthorizationRequest) -> None:
    """Tell the log which scopes the client does not get: it is never told itself (Core 3.1.2.1)."""
    if authorization.dropped_scope:
        names = " ".join(authorization.dropped_scope)
        request.notes["detail"] = f"the client may not have the scope: {names[:LONGEST_NOTE]}"


def _answer(request: Request, authorization: AuthorizationRequest) -> Response:
    """At most two round trips and one SQL query where nothing has to be asked."""
    _note_dropped_scope(request, authorization)
    cookies = request.cookies()
    context = _signed_in(cookies)
    try:
        need = _next_need(authorization, context)
        if need is None and context is not None:
            request.notes["user_id"] = context.user_id
            _speak_on_page(request, authorization)
            try:
                answer = grant_authorization(authorization, context)
                return _with_browser_state(cookies, answer, context.sid)
            except SessionEnded:
                need = next_need(authorization, None)
        if need is not None and "none" in authorization.prompt:
            raise ProtocolError(need.error, "the request needs the person, and prompt is none")
    except ProtocolError as error:
        raise ErrorForClient(authorization, error) from error
    interaction, cookie = start_interaction(request, authorization.read_parameters)
    return redirect(address_of(interaction, authorization.client.client_id), cookie)


def _next_need(
    authorization: AuthorizationRequest, context: AuthenticationContext | None
) -> Need | None:
    """Return what is needed. Before a refusal goes to the client, make sure it is the right one.

    A session of sign-on that was ended elsewhere is no session, whatever else is missing (Core
    3.1.2.6: `login_required`). Only a refusal costs that round trip: a grant asks by itself.
    """
    try:
        need = next_need(authorization, context)
    except ProtocolError:
        if context is None or _is_signed_on(context):
            raise
        return next_need(authorization, None)
    if need is None or context is None or "none" not in authorization.prompt:
        return need
    return need if _is_signed_on(context) else next_need(authorization, None)


def _is_signed_on(context: AuthenticationContext) -> bool:
    try:
        sign_ons.find(context.user_id, context.sid)
    except SessionEnded:
        return False
    return True


def _with_browser_state(cookies: Mapping[str, str], answer: Response, sid: str) -> Response:
    """Make sure that the browser has the cookie which `session_state` was made from."""
    presented = cookies.get(configuration().browser_state_cookie_name, "")
    for name, value in browser_state_cookie(presented, sid):
        answer = answer.with_header(name, value)
    return answer


def _parameters_of(request: Request) -> Parameters:
    """Return the request's parameters, from the query, the form, or those kept from a POST."""
    if request.method == "POST":
        return request.form
    if RESUME_PARAMETER not in request.query:
        return request.query
    try:
        kept = resume(request.query[RESUME_PARAMETER], request_id=request.request_id)
    except NotFound as error:
        raise PageError("invalid_request", "this sign-in request is not waiting here") from error
    return Parameters(kept.parameters.items())


def _see_other_with_cookies(request: Request, parameters: dict[str, str]) -> Response:
    """Resume a POST as a GET: one from another site came without our Lax cookies."""
    kept = keep_for_resumption(request, parameters)
    here = f"{configuration().base_path}/oauth2/authorize"
    return redirect(f"{here}?{RESUME_PARAMETER}={kept.interaction_id}")


def _signed_in(cookies: Mapping[str, str]) -> AuthenticationContext | None:
    """Read who is signed in, straight from the session record.

    One round trip, none without a cookie.
    """
    key = cookies.get(configuration().session_cookie_name)
    return signed_in_with_account(browser_sessions.load(key) or {}) if key else None


def _speak_on_page(request: Request, target: Target) -> None:
    """Speak the person's language if the answer is a page, which posts itself to the client."""
    if target.response_mode == "form_post":
        speak(request.ui_locales, request.headers.get("accept-language", ""))


def _to_client(request: Request, failure: ErrorForClient) -> Response:
    request.notes["error"] = failure.error.error
    request.notes["detail"] = failure.error.detail
    _speak_on_page(request, failure.target)
    return authorization_error_response(failure.target, failure.error)
