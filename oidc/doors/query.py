"""What must not come in a query, because addresses are written down on the way: in the logs of
proxies, in histories, in `Referer` headers.

A request whose parameters are in its body may have a query all the same: RFC 6749 sections 3.1 and
3.2 let the address of an endpoint bring one along, and want what nobody knows to be ignored. What
is listed here is refused instead: it is either a secret, or somebody believes that it counts.
"""

from __future__ import annotations

from oidc.errors import ProtocolError
from oidc.http import Parameters

_CREDENTIALS = frozenset(
    {
        "client_id",
        "client_secret",
        "client_assertion",
        "client_assertion_type",
        "username",
        "password",
    }
)
"""Spec: RFC 6749 sections 2.3.1 and 4.3.2; RFC 7521 section 4.2."""
_TOKENS_AND_CODES = frozenset(
    {
        "access_token",
        "actor_token",
        "assertion",
        "auth_req_id",
        "code",
        "code_verifier",
        "device_code",
        "id_token",
        "id_token_hint",
        "logout_token",
        "refresh_token",
        "registration_access_token",
        "software_statement",
        "subject_token",
        "token",
        "user_code",
    }
)
_PARAMETERS_OF_GRANTS = frozenset(
    {
        "actor_token_type",
        "grant_type",
        "redirect_uri",
        "requested_token_type",
        "scope",
        "subject_token_type",
        "token_type_hint",
    }
)
NEVER_IN_A_QUERY = _CREDENTIALS | _TOKENS_AND_CODES | _PARAMETERS_OF_GRANTS
"""The names that no request may have in its query besides a body."""


def refuse_known_names(query: Parameters, more: frozenset[str] = frozenset()) -> None:
    """Refuse a query with a parameter that belongs in the body.

    `more`: the names that count at this endpoint besides.

    Raises:
        ProtocolError: `invalid_request`. It has the names, which are ours, and no value.
    """
    if known := query.keys() & (NEVER_IN_A_QUERY | more):
        names = ", ".join(sorted(known))
        raise ProtocolError("invalid_request", f"must not be in the query: {names}")
