"""What the account pages know of the authorization request that brought a person there."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from oidc.clients.repository import find_client
from oidc.errors import NotFound
from oidc.interaction_address import interaction_id_in
from oidc.interactions import find_interaction


def authorization_context(request: HttpRequest) -> dict[str, Any]:
    """Give templates `client` (a record, or None) and `login_hint`. A context processor."""
    parameters = waiting_parameters(request)
    return {
        "client": find_client(parameters["client_id"]) if parameters else None,
        "login_hint": parameters.get("login_hint", ""),
    }


def waiting_parameters(request: HttpRequest) -> dict[str, str]:
    """Return the parameters of the request that waits behind this page, or nothing.

    Only pages that lead back to an interaction cost a round trip, and only once.
    """
    if not hasattr(request, "waiting_parameters"):
        request.waiting_parameters = _find_waiting(request)  # type: ignore[attr-defined]
    return request.waiting_parameters  # type: ignore[attr-defined,no-any-return]


def _find_waiting(request: HttpRequest) -> dict[str, str]:
    following = request.POST.get("next") or request.GET.get("next") or ""
    interaction_id = interaction_id_in(following)
    if not interaction_id:
        return {}
    try:
        return dict(find_interaction(interaction_id, request.COOKIES).parameters)
    except NotFound:
        return {}
