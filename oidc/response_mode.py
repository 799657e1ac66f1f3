"""How an authorization response travels to the client: one encoder for every mode.

Spec: OAuth 2.0 Multiple Response Types sections 2 and 5; OAuth 2.0 Form Post Response Mode;
RFC 9207 (`iss`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from oidc.conf import configuration
from oidc.errors import ProtocolError
from oidc.form_post_page import form_post_page
from oidc.http import Response, form_urlencode, redirect, with_query

RESPONSE_MODES = ("query", "fragment", "form_post")


class Target(Protocol):
    """Where a response goes: a draft or a validated request."""

    @property
    def redirect_uri(self) -> str: ...
    @property
    def response_mode(self) -> str: ...
    @property
    def state(self) -> str: ...


def carries_tokens(response_type: Iterable[str]) -> bool:
    """Tell whether the words of a response type bring tokens into the authorization response."""
    return not {"token", "id_token"}.isdisjoint(response_type)


def default_response_mode(response_type: Iterable[str]) -> str:
    """Return the mode of a request that names none.

    Spec: OAuth 2.0 Multiple Response Types section 5: tokens are kept out of servers' logs.
    """
    return "fragment" if carries_tokens(response_type) else "query"


def authorization_response(target: Target, members: Mapping[str, object]) -> Response:
    """Send members to the client, with `state` if there was one, and `iss`."""
    everything = {name: str(value) for name, value in members.items()}
    if target.state:
        everything["state"] = target.state
    everything["iss"] = configuration().issuer
    if target.response_mode == "form_post":
        return form_post_page(target.redirect_uri, everything)
    if target.response_mode == "fragment":
        return redirect(f"{target.redirect_uri}#{form_urlencode(everything)}")
    return redirect(with_query(target.redirect_uri, everything))


def authorization_error_response(target: Target, error: ProtocolError) -> Response:
    """Send an error to the client (RFC 6749 section 4.1.2.1)."""
    members = {"error": error.error, "error_description": error.description}
    return authorization_response(target, members)
