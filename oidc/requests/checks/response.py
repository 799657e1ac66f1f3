"""response_type and response_mode.

Spec: RFC 6749 section 3.1.1; OAuth 2.0 Multiple Response Types; OAuth 2.0 Form Post Response Mode.
"""

from __future__ import annotations

from oidc.errors import ProtocolError
from oidc.requests.authorization_request import Draft
from oidc.response_mode import RESPONSE_MODES, RESPONSE_TYPES


def check_response_mode(draft: Draft) -> None:
    """Take the mode first, so that every later error goes back the way that was asked for."""
    response_mode = draft.parameters.get("response_mode", "query")
    if response_mode not in RESPONSE_MODES:
        raise ProtocolError("invalid_request", "this response_mode is not supported")
    draft.response_mode = response_mode


def check_response_type(draft: Draft) -> None:
    """Take the type; the order of its values does not matter."""
    requested = draft.parameters.get("response_type", "")
    if not requested:
        raise ProtocolError("invalid_request", "response_type is missing")
    response_type = " ".join(sorted(requested.split()))
    if response_type not in RESPONSE_TYPES:
        raise ProtocolError("unsupported_response_type", "this response_type is not supported")
    if not draft.client.check_response_type(response_type):
        raise ProtocolError("unauthorized_client", "the client may not use this response_type")
    if not draft.client.check_grant_type("authorization_code"):
        raise ProtocolError("unauthorized_client", "the client may not use authorization codes")
    draft.response_type = response_type
