"""The table of checks that every authorization request passes, from top to bottom.

Until client and redirect URI are known to belong together, an error is a page of ours. From then
on it goes back to the client. Spec: RFC 6749 section 4.1.2.1; OpenID Connect Core section 3.1.2.2.
"""

from __future__ import annotations

from oidc.errors import ProtocolError
from oidc.http import Parameters
from oidc.requests.authorization_request import AuthorizationRequest, Draft
from oidc.requests.checks.acr import check_acr
from oidc.requests.checks.claims import check_claims
from oidc.requests.checks.client import check_client
from oidc.requests.checks.hints import check_id_token_hint
from oidc.requests.checks.max_age import check_max_age
from oidc.requests.checks.nonce import check_nonce
from oidc.requests.checks.pkce import check_code_challenge
from oidc.requests.checks.prompt import check_prompt
from oidc.requests.checks.redirect_uri import check_redirect_uri
from oidc.requests.checks.repeated import check_nothing_is_repeated
from oidc.requests.checks.request_object import check_request_object, take_request_object
from oidc.requests.checks.response import (
    check_response_mode,
    check_response_type,
    take_response_mode,
)
from oidc.requests.checks.scope import check_scope
from oidc.requests.checks.unsupported import check_unsupported_parameters

CHECKS_BEFORE_REDIRECTING = (
    check_client,
    take_request_object,
    check_redirect_uri,
)
CHECKS = (
    take_response_mode,
    check_request_object,
    check_response_mode,
    check_nothing_is_repeated,
    check_unsupported_parameters,
    check_response_type,
    check_scope,
    check_nonce,
    check_code_challenge,
    check_prompt,
    check_max_age,
    check_id_token_hint,
    check_claims,
    check_acr,
)


class ErrorForClient(Exception):
    """An error that goes back to the client's redirect URI."""

    def __init__(self, target: Draft | AuthorizationRequest, error: ProtocolError) -> None:
        super().__init__(error.error)
        self.target = target
        self.error = error


def validate_authorization_request(
    parameters: Parameters, request_id: str = ""
) -> AuthorizationRequest:
    """Check a request from its parameters.

    `request_id`: who asks, so that a request object is accepted once; needless for parameters
    that an interaction kept, because there its object is resolved already.

    Raises:
        PageError: it must not be answered by a redirect.
        ErrorForClient: it is answered by an error at the redirect URI.
    """
    draft = Draft(parameters, request_id)
    for check in CHECKS_BEFORE_REDIRECTING:
        check(draft)
    try:
        for check in CHECKS:
            check(draft)
    except ProtocolError as error:
        raise ErrorForClient(draft, error) from error
    return draft.finished()
