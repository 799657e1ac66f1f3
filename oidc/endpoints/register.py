"""Dynamic registration: `POST /oauth2/register`, and `/oauth2/register/<client_id>` to manage.

Spec: OpenID Connect Registration 1.0, RFC 7591, RFC 7592.
"""

from __future__ import annotations

from urllib.parse import quote

from oidc.clients.metadata import client_as_rfc7591
from oidc.clients.repository import record_of
from oidc.clients.validation import InvalidClientMetadata, Problem
from oidc.conf import configuration
from oidc.endpoints.bearer import bearer_error, presented_access_token
from oidc.errors import ProtocolError
from oidc.http import NO_STORE, Request, Response, json_response
from oidc.models import InitialAccessToken
from oidc.models.access import reading
from oidc.registration.initial_access_tokens import NotValid, find_initial_access_token
from oidc.registration.members import OWN_SWITCHES
from oidc.registration.rate_limit import limit_registrations
from oidc.registration.registrations import (
    Registered,
    find_registered,
    register_client,
    remove_registered,
    update_registered,
)

PATH = "/oauth2/register"
ANSWERED_ONLY = (
    "registration_access_token",
    "registration_client_uri",
    "client_id_issued_at",
    "client_secret_expires_at",
)


def register(request: Request) -> Response:
    """Register a client (RFC 7591 section 3).

    Raises:
        ProtocolError: 401, 403, 429, `invalid_redirect_uri`, `invalid_client_metadata`,
            `invalid_software_statement`, `unapproved_software_statement`.
    """
    _require_enabled()
    limit_registrations(request.remote_address)
    with reading():
        token = _initial_access_token(request)
        try:
            registered = register_client(dict(request.json), token, request.remote_address)
        except NotValid as error:
            raise _invalid_token(error) from error
    request.notes["client_id"] = registered.client.client_id
    return json_response(_described(registered), 201)


def manage_registration(request: Request) -> Response:
    """Read, replace or remove a registration (RFC 7592 section 2).

    Raises:
        ProtocolError: 401, 403, and as `register` for a replacement.
    """
    _require_enabled()
    with reading():
        registered = _authenticated(request)
        if request.method == "DELETE":
            remove_registered(registered)
            return Response(204, b"", (NO_STORE,))
        if request.method == "PUT":
            registered = update_registered(registered, _replacement(request, registered))
    return json_response(_described(registered))


def _require_enabled() -> None:
    if configuration().registration == "off":
        raise ProtocolError("access_denied", "registration is switched off here", status=403)


def _initial_access_token(request: Request) -> InitialAccessToken | None:
    """Return the token that lets this client in; None where none is needed.

    A token that comes along must hold, even where none is needed.
    """
    if configuration().registration == "open" and "authorization" not in request.headers:
        return None
    try:
        return find_initial_access_token(presented_access_token(request))
    except NotValid as error:
        raise _invalid_token(error) from error


def _authenticated(request: Request) -> Registered:
    try:
        registered = find_registered(request.resource, presented_access_token(request))
    except NotValid as error:
        raise _invalid_token(error) from error
    request.notes["client_id"] = registered.client.client_id
    if not registered.client.is_active:
        raise ProtocolError("access_denied", "this client has been disabled", status=403)
    return registered


def _replacement(request: Request, registered: Registered) -> dict[str, object]:
    """Return the members of a replacement, which must be for this client (section 2.2)."""
    requested = dict(request.json)
    problems = [Problem(name, "Must not be sent.") for name in ANSWERED_ONLY if name in requested]
    if requested.get("client_id") != registered.client.client_id:
        problems.append(Problem("client_id", "Must be the one of this registration."))
    if "client_secret" in requested and not _is_current(requested["client_secret"], registered):
        problems.append(Problem("client_secret", "Is chosen by the server."))
    if problems:
        raise InvalidClientMetadata(problems)
    return requested


def _is_current(client_secret: object, registered: Registered) -> bool:
    client = record_of(registered.client)
    return isinstance(client_secret, str) and client.check_client_secret(client_secret)


def _described(registered: Registered) -> dict[str, object]:
    """Return the client information response (RFC 7591 section 3.2.1, RFC 7592 section 3)."""
    members = client_as_rfc7591(registered.client, registered.client_secret)
    answer = {name: value for name, value in members.items() if name not in OWN_SWITCHES}
    if registered.registration.software_statement:
        answer["software_statement"] = registered.registration.software_statement
    client_id = quote(registered.client.client_id, safe="")
    return answer | {
        "registration_access_token": registered.registration_access_token,
        "registration_client_uri": f"{configuration().issuer}{PATH}/{client_id}",
    }


def _invalid_token(error: NotValid) -> ProtocolError:
    return bearer_error(
        "invalid_token", "the token is not valid here", status=401, detail=str(error)
    )
