"""The logout endpoint. It asks nobody anything and ends nothing: it hands over to the page.

Spec: OpenID Connect RP-Initiated Logout 1.0 section 2.
"""

from __future__ import annotations

from oidc.conf import configuration
from oidc.errors import NotFound, PageError
from oidc.http import Parameters, Request, Response, redirect
from oidc.interactions import browser_secrets, keep_for_resumption, resume, start_interaction
from oidc.logout.request import PARAMETERS, validate_logout_request

PURPOSE = "logout"
RESUME_PARAMETER = "resume"
REFERENCE = "reference"
"""Kept instead of a request that breaks a rule: what leads an admin to it."""
PROBLEM = "problem"
"""Kept beside: the rule, in the words of `PageError.description`."""


def end_session(request: Request) -> Response:
    """Keep the request for the page that signs out. One round trip, two for one resumed."""
    if request.method == "GET" and RESUME_PARAMETER in request.query:
        kept = _resumed(request)
    else:
        kept = _checked(request, request.form if request.method == "POST" else request.query)
    base_path = configuration().base_path
    if request.method == "POST" and not browser_secrets(request.cookies()):
        # From another site it comes without our Lax cookies. A GET from our own has them.
        waiting = keep_for_resumption(request, kept, purpose=PURPOSE)
        return redirect(f"{base_path}{request.path}?{RESUME_PARAMETER}={waiting.interaction_id}")
    waiting, cookie = start_interaction(request, kept, purpose=PURPOSE)
    return redirect(f"{base_path}/sign-out/{waiting.interaction_id}", cookie)


def _checked(request: Request, parameters: Parameters) -> dict[str, str]:
    """Return the parameters of a request that keeps the rules, the reason for any other."""
    logout = validate_logout_request(parameters)
    if logout.client is not None:
        request.notes["client_id"] = logout.client.client_id
    if logout.problem:
        request.notes["client_id"] = logout.asked_by
        request.notes["error"] = logout.problem.error
        request.notes["detail"] = logout.problem.detail
        return {
            REFERENCE: request.request_id,
            PROBLEM: str(logout.problem.description),
            "ui_locales": parameters.get("ui_locales", ""),
        }
    return {name: parameters[name] for name in PARAMETERS if name in parameters}


def _resumed(request: Request) -> dict[str, str]:
    interaction_id = request.query[RESUME_PARAMETER]
    try:
        return resume(interaction_id, request_id=request.request_id, purpose=PURPOSE).parameters
    except NotFound as error:
        raise PageError("invalid_request", "this sign-out request is not waiting here") from error
