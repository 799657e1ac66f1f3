"""What the account pages know of the authorization request that brought a person there."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import Resolver404, resolve

from oidc.clients.repository import find_client
from oidc.conf import configuration
from oidc.errors import NotFound
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
    base_path = configuration().base_path
    if not following.startswith(f"{base_path}/interaction/"):
        return {}
    try:
        interaction_id = resolve(following.removeprefix(base_path)).kwargs["interaction_id"]
        return dict(find_interaction(interaction_id, request.COOKIES).parameters)
    except (Resolver404, KeyError, NotFound):
        return {}
