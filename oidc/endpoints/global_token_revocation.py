"""Global Token Revocation: a trusted party names a person, and everything of theirs ends.

Spec: draft-parecki-oauth-global-token-revocation-06, an individual draft that may still change; so
it is off unless the setting names who may do this. Subject identifiers: RFC 9493 section 3.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from accounts.people import find_user_id
from accounts.signals import sign_out_everywhere
from oidc.clients.repository import find_client
from oidc.conf import configuration
from oidc.endpoints.bearer import bearer_error, invalid_token, presented_access_token
from oidc.errors import ProtocolError
from oidc.http import Request, Response
from oidc.keys.jws import InvalidToken
from oidc.models.access import reading
from oidc.stores.redis import grants
from oidc.tokens.access_token import read_access_token

PATH = "/oauth2/global-token-revocation"
SCOPE = "global_token_revocation"
"""Section 6.1: a token for this and nothing else. Stolen ones of another kind are no use here."""


def revoke_globally(request: Request) -> Response:
    """End all sessions and grants of a person, and tell the apps. 204, also if nothing was left.

    Raises:
        ProtocolError: 400 for a malformed identifier, 401 and 403 for the caller, 404 for a person
            that there is not (section 3.4.2).
    """
    if not configuration().global_token_revocation_clients:
        raise ProtocolError("access_denied", "this is switched off here", status=403)
    _require_trusted_caller(request)
    find = _finder_of(request.json)
    with reading():
        user_id = find()
        if user_id is None:
            raise ProtocolError("not_found", "there is no such person", status=404)
        request.notes["user_id"] = user_id
        sign_out_everywhere(user_id)
    return Response(204)


def _require_trusted_caller(request: Request) -> None:
    """Accept the access token of a machine client that the setting names. One round trip."""
    try:
        token = read_access_token(presented_access_token(request))
    except InvalidToken as error:
        raise invalid_token(str(error)) from error
    client_id = str(token.claims["client_id"])
    request.notes["client_id"] = client_id
    if configuration().issuer not in token.audience:
        raise invalid_token("the token is for another audience")
    if find_client(client_id) is None:
        raise invalid_token("the client is gone or disabled")
    if token.has_grant or client_id not in configuration().global_token_revocation_clients:
        raise bearer_error("access_denied", "this client is not trusted for this", status=403)
    if SCOPE not in token.scope:
        description = f"the scope {SCOPE} is required"
        raise bearer_error("insufficient_scope", description, status=403, scope=SCOPE)
    if grants.is_access_token_revoked(token.handle.bucket, token.jti):
        raise invalid_token("revoked")


def _finder_of(members: Mapping[str, Any]) -> Callable[[], str | None]:
    """Return what looks up the person whom a request names.

    Spec: section 3.2; RFC 9493 section 3: no members but those of the format.
    """
    sub_id = members.get("sub_id")
    if set(members) != {"sub_id"} or not isinstance(sub_id, dict):
        raise ProtocolError("invalid_request", "the body must have sub_id and nothing else")
    format_ = sub_id.get("format")
    if not isinstance(format_, str) or format_ not in FORMATS:
        raise ProtocolError("invalid_request", "this format of sub_id is not supported")
    names, find = FORMATS[format_]
    values = [sub_id.get(name) for name in names]
    if set(sub_id) != {"format", *names} or not all(
        isinstance(value, str) and value for value in values
    ):
        raise ProtocolError("invalid_request", f"a sub_id of format {format_} has other members")
    return lambda: find(*values)


def _by_iss_sub(iss: str, sub: str) -> str | None:
    return find_user_id(user_id=sub) if iss == configuration().issuer else None


def _by_id(user_id: str) -> str | None:
    return find_user_id(user_id=user_id)


def _by_email(email: str) -> str | None:
    return find_user_id(email=email)


FORMATS: Mapping[str, tuple[tuple[str, ...], Callable[..., str | None]]] = {
    "iss_sub": (("iss", "sub"), _by_iss_sub),
    "email": (("email",), _by_email),
    "opaque": (("id",), _by_id),
}
"""The members of each format, and who looks them up."""
