"""client_id: present once, known, enabled. Spec: RFC 6749 section 4.1.2.1."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from oidc.clients.repository import SWITCHED_OFF, find_client_or_reason
from oidc.errors import PageError
from oidc.requests.authorization_request import Draft


def check_client(draft: Draft) -> None:
    """Find the client; without one there is nobody to redirect to."""
    client_id = draft.parameters.get("client_id", "")
    if not client_id or "client_id" in draft.parameters.repeated:
        raise PageError("invalid_request", "client_id is missing or repeated")
    client = find_client_or_reason(client_id)
    if isinstance(client, str):
        raise _no_client(client)
    draft.client = client


def _no_client(reason: str) -> PageError:
    if reason == SWITCHED_OFF:
        return PageError(
            "invalid_client",
            "the people who run this server have switched off this app",
            detail=reason,
            title=_("This app is switched off"),
        )
    return PageError("invalid_client", "this application is not registered here", detail=reason)
