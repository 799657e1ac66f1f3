"""Token revocation. Spec: RFC 7009."""

from __future__ import annotations

import time

from oidc.clients.authentication import authenticate_client
from oidc.clients.record import Client
from oidc.endpoints.presented_token import Unreadable, read_presented_token
from oidc.errors import Mismatch, ProtocolError
from oidc.http import Request, Response
from oidc.stores.redis import grants
from oidc.tokens.access_token import AccessToken


def revoke(request: Request) -> Response:
    """End a token of the caller: an access token alone, a refresh token with its whole family.

    200 for anything else too, so that nobody learns what exists (section 2.2). One round trip.
    """
    caller = authenticate_client(request)
    if "token" not in request.form:
        raise ProtocolError("invalid_request", "token is missing")
    token = read_presented_token(request.form["token"])
    if isinstance(token, Unreadable):
        request.notes["detail"] = f"nothing to revoke: {token.reason}"
    elif isinstance(token, AccessToken):
        _revoke_access_token(request, caller, token)
    else:
        try:
            grants.revoke(token.handle, caller.client_id)
        except Mismatch:
            request.notes["detail"] = "nothing to revoke: another client's token"
    return Response(200)


def _revoke_access_token(request: Request, caller: Client, token: AccessToken) -> None:
    if token.claims["client_id"] != caller.client_id:
        request.notes["detail"] = "nothing to revoke: another client's token"
        return
    remaining = max(1, int(token.claims["exp"] - time.time()) + 1)
    grants.revoke_access_token(token.handle.bucket, token.jti, remaining)
