"""No parameter twice. Spec: RFC 6749 section 3.1."""

from __future__ import annotations

from oidc.errors import ProtocolError
from oidc.requests.authorization_request import Draft


def check_nothing_is_repeated(draft: Draft) -> None:
    """Refuse a request that says two things at once."""
    if draft.parameters.repeated:
        raise ProtocolError("invalid_request", "a parameter is repeated")
