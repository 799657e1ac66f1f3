"""response_type and response_mode.

Spec: RFC 6749 section 3.1.1; OAuth 2.0 Multiple Response Types; OAuth 2.0 Form Post Response Mode.
"""

from __future__ import annotations

from oidc.clients.profiles import RESPONSE_TYPES, grant_types_of
from oidc.errors import ProtocolError
from oidc.requests.authorization_request import Draft
from oidc.response_mode import RESPONSE_MODES, carries_tokens, default_response_mode

_GRANT_TYPES = {response_type: grant_types_of([response_type]) for response_type in RESPONSE_TYPES}


def take_response_mode(draft: Draft) -> None:
    """Take the mode first, so that every later error goes back the way that was asked for.

    Its default depends on the type, which may be one that is refused later. It stands in for a mode
    that is refused.
    """
    response_type = draft.parameters.get("response_type", "").split()
    draft.response_mode = default_response_mode(response_type)
    if not _problem_of_mode(draft):
        draft.response_mode = draft.parameters.get("response_mode", draft.response_mode)


def check_response_mode(draft: Draft) -> None:
    """Refuse a mode that does not exist, or does not go with the type."""
    if problem := _problem_of_mode(draft):
        raise ProtocolError("invalid_request", problem)


def _problem_of_mode(draft: Draft) -> str:
    """Tell what is wrong with the mode that was asked for; nothing: an empty string.

    Tokens never go into a query (section 5 of Multiple Response Types).
    """
    response_mode = draft.parameters.get("response_mode")
    if response_mode is None:
        return ""
    if response_mode not in RESPONSE_MODES:
        return "this response_mode is not supported"
    response_type = draft.parameters.get("response_type", "").split()
    if response_mode == "query" and carries_tokens(response_type):
        return "tokens are not sent in a query"
    return ""


def check_response_type(draft: Draft) -> None:
    """Take the type; the order of its values does not matter."""
    requested = draft.parameters.get("response_type", "")
    if not requested:
        raise ProtocolError("invalid_request", "response_type is missing")
    response_type = " ".join(sorted(requested.split()))
    if response_type not in RESPONSE_TYPES:
        raise ProtocolError("unsupported_response_type", "this response_type is not supported")
    client = draft.client
    if not client.check_response_type(response_type):
        raise ProtocolError("unauthorized_client", "the client may not use this response_type")
    if not _GRANT_TYPES[response_type] <= client.grant_types:
        raise ProtocolError("unauthorized_client", "the client may not use this grant type")
    draft.response_type = response_type
