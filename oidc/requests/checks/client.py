"""client_id: present once, known, enabled. Spec: RFC 6749 section 4.1.2.1."""

from __future__ import annotations

from oidc.clients.repository import find_client
from oidc.errors import PageError
from oidc.requests.authorization_request import Draft


def check_client(draft: Draft) -> None:
    """Find the client; without one there is nobody to redirect to."""
    client_id = draft.parameters.get("client_id", "")
    if not client_id or "client_id" in draft.parameters.repeated:
        raise PageError("invalid_request", "client_id is missing or repeated")
    client = find_client(client_id)
    if client is None:
        raise PageError(
            "invalid_client", "this application is not registered here", detail="unknown client"
        )
    draft.client = client
