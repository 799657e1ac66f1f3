"""What the account pages know of the authorization request that brought a person there."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from oidc.clients.repository import find_client
from oidc.clients.way_in import way_into
from oidc.errors import NotFound, WayOn
from oidc.interaction_address import interaction_id_in, trace_in
from oidc.interactions import find_interaction


def authorization_context(request: HttpRequest) -> dict[str, Any]:
    """Give templates what the request behind a page says. A context processor.

    `client`: the app whose request waits, or None. `login_hint`: its own. `way_on`: the way into
    the app (`WayOn`) if its request does not wait here any more, or never did, as in a mail that
    was opened with another browser.
    """
    parameters = waiting_parameters(request)
    return {
        "client": find_client(parameters["client_id"]) if parameters else None,
        "login_hint": parameters.get("login_hint", ""),
        "way_on": None if parameters else _way_into_app(_following(request)),
    }


def waiting_parameters(request: HttpRequest) -> dict[str, str]:
    """Return the parameters of the request that waits behind this page, or nothing.

    Only pages that lead back to an interaction cost a round trip, and only once.
    """
    if not hasattr(request, "waiting_parameters"):
        request.waiting_parameters = _find_waiting(request)  # type: ignore[attr-defined]
    return request.waiting_parameters  # type: ignore[attr-defined,no-any-return]


def _following(request: HttpRequest) -> str:
    return request.POST.get("next") or request.GET.get("next") or ""


def _way_into_app(following: str) -> WayOn | None:
    trace = trace_in(following)
    client = find_client(trace.client_id) if trace else None
    return next(iter(way_into(client)), None) if client else None


def _find_waiting(request: HttpRequest) -> dict[str, str]:
    interaction_id = interaction_id_in(_following(request))
    if not interaction_id:
        return {}
    try:
        return dict(find_interaction(interaction_id, request.COOKIES).parameters)
    except NotFound:
        return {}
