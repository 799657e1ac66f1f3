"""nonce. Spec: OpenID Connect Core 1.0 sections 3.1.2.1, 3.2.2.1 and 3.3.2.11."""

from __future__ import annotations

from oidc.errors import ProtocolError
from oidc.requests.authorization_request import Draft


def check_nonce(draft: Draft) -> None:
    """Ask for a nonce where an ID token goes through the browser, which could replay it."""
    if "id_token" in draft.response_type.split() and not draft.parameters.get("nonce"):
        raise ProtocolError("invalid_request", "nonce is required with this response_type")
