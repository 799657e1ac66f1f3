"""request and request_uri. Spec: OpenID Connect Core 1.0 section 6; RFC 9101 section 5."""

from __future__ import annotations

from oidc.errors import ProtocolError
from oidc.http import Parameters, has_forbidden_character
from oidc.requests.authorization_request import Draft
from oidc.requests.request_object import invalid_request_object, read_request_object
from oidc.requests.request_uri import fetch_request_object


def take_request_object(draft: Draft) -> None:
    """Put the values of a request object over the parameters around it.

    Runs before the redirect URI is checked, because that may be inside. What is wrong is kept for
    `check_request_object`, which comes when it is known where errors go.
    """
    if draft.parameters.keys().isdisjoint(("request", "request_uri")):
        return
    try:
        draft.parameters = _merged(draft)
    except ProtocolError as error:
        draft.request_object_error = error


def check_request_object(draft: Draft) -> None:
    """Report what was wrong with the request object."""
    if draft.request_object_error is not None:
        raise draft.request_object_error


def _merged(draft: Draft) -> Parameters:
    """Return the effective parameters: inside wins, and the object itself is gone.

    client_id and response_type are outside too, and must agree (Core section 6.1).
    """
    outside = draft.parameters
    if "request" in outside and "request_uri" in outside:
        raise ProtocolError("invalid_request", "request and request_uri exclude each other")
    text = outside.get("request") or fetch_request_object(draft.client, outside["request_uri"])
    inside = read_request_object(draft.client, text, request_id=draft.request_id)
    for name in ("client_id", "response_type"):
        if inside.get(name, outside.get(name)) != outside.get(name):
            raise invalid_request_object(f"{name} differs inside and outside")
    if any(has_forbidden_character(name, value) for name, value in inside.items()):
        raise invalid_request_object("a parameter has a character that none may have")
    around = {k: v for k, v in outside.items() if k not in ("request", "request_uri")}
    merged = Parameters((around | inside).items())
    merged.repeated = outside.repeated
    return merged
