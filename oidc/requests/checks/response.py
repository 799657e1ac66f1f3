"""response_type and response_mode.

Spec: RFC 6749 section 3.1.1; OAuth 2.0 Multiple Response Types; OAuth 2.0 Form Post Response Mode.
"""

from __future__ import annotations

from oidc.clients.profiles import RESPONSE_TYPES, grant_types_of
from oidc.errors import ProtocolError
from oidc.requests.authorization_request import Draft
from oidc.response_mode import RESPONSE_MODES, carries_tokens, default_response_mode

_GRANT_TYPES = {response_type: grant_types_of([response_type]) for response_type in RESPONSE_TYPES}


def check_response_mode(draft: Draft) -> None:
    """Take the mode first, so that every later error goes back the way that was asked for.

    Its default depends on the type, which may be one that is refused later. Tokens never go into a
    query (section 5 of Multiple Response Types).
    """
    response_type = draft.parameters.get("response_type", "").split()
    draft.response_mode = default_response_mode(response_type)
    response_mode = draft.parameters.get("response_mode", draft.response_mode)
    if response_mode not in RESPONSE_MODES:
        raise ProtocolError("invalid_request", "this response_mode is not supported")
    if response_mode == "query" and carries_tokens(response_type):
        raise ProtocolError("invalid_request", "tokens are not sent in a query")
    draft.response_mode = response_mode


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
