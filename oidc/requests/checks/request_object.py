"""request and request_uri. Spec: OpenID Connect Core 1.0 section 6; RFC 9101 sections 5 and 6."""

from __future__ import annotations

from oidc.errors import ProtocolError
from oidc.http import Parameters
from oidc.requests.authorization_request import Draft
from oidc.requests.request_object import invalid_request_object, read_request_object
from oidc.requests.request_uri import fetch_request_object

_OBJECT = ("request", "request_uri")
_AGREEING = ("client_id", "response_type")
"""Where these are both outside and inside, they are the same (Core section 6.1)."""


def take_request_object(draft: Draft) -> None:
    """Put the values of a request object over the parameters around it.

    For a client that signs its requests nothing around it counts, not even when the object does not
    hold: anybody could have written that (RFC 9101 sections 6.3 and 10.2).

    Runs before the redirect URI is checked, because that may be inside. What is wrong is kept for
    `check_request_object`, which comes when it is known where errors go.
    """
    if draft.parameters.keys().isdisjoint(_OBJECT):
        return
    if draft.client.signs_requests:
        sent = frozenset(draft.parameters)
        draft.parameters = _only(draft.parameters, ("client_id", *_OBJECT))
        draft.ignored = sent - draft.parameters.keys()
    try:
        draft.parameters = _merged(draft)
    except ProtocolError as error:
        draft.request_object_error = error


def check_request_object(draft: Draft) -> None:
    """Report what was wrong with the request object."""
    if draft.request_object_error is not None:
        raise draft.request_object_error


def _merged(draft: Draft) -> Parameters:
    """Return the effective parameters: inside wins, and the object itself is gone."""
    outside = draft.parameters
    if "request" in outside and "request_uri" in outside:
        raise ProtocolError("invalid_request", "request and request_uri exclude each other")
    text = outside.get("request") or fetch_request_object(draft.client, outside["request_uri"])
    inside = read_request_object(draft.client, text, request_id=draft.request_id)
    for name in _AGREEING:
        if name in inside and inside[name] != outside.get(name, inside[name]):
            raise invalid_request_object(f"{name} differs inside and outside")
    around = {name: value for name, value in outside.items() if name not in _OBJECT}
    return _with(around | inside, outside.repeated)


def _only(parameters: Parameters, names: tuple[str, ...]) -> Parameters:
    kept = {name: parameters[name] for name in names if name in parameters}
    return _with(kept, parameters.repeated & set(names))


def _with(members: dict[str, str], repeated: frozenset[str]) -> Parameters:
    parameters = Parameters(members.items())
    parameters.repeated = repeated
    return parameters
