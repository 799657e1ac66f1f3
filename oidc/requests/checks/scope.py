"""scope. Spec: RFC 6749 section 3.3; OpenID Connect Core 1.0 sections 3.1.2.1, 5.4 and 11."""

from __future__ import annotations

from oidc.errors import ProtocolError
from oidc.requests.authorization_request import Draft


def check_scope(draft: Draft) -> None:
    """Take the scopes that the client may have; unknown ones are ignored, as Core says.

    offline_access means nothing to a client that may not refresh, and without a code.
    """
    requested = dict.fromkeys(draft.parameters.get("scope", "").split())
    allowed = set(draft.client.scope)
    response_type = draft.response_type.split()
    if "code" not in response_type or not draft.client.check_grant_type("refresh_token"):
        allowed.discard("offline_access")
    draft.scope = tuple(value for value in requested if value in allowed)
    draft.dropped_scope = tuple(value for value in requested if value not in allowed)
    if requested and not draft.scope:
        raise ProtocolError("invalid_scope", "the client may have none of these scopes")
    if "id_token" in response_type and "openid" not in draft.scope:
        raise ProtocolError("invalid_scope", "an ID token needs the scope openid")
