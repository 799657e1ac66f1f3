"""id_token_hint. Spec: OpenID Connect Core 1.0 section 3.1.2.1."""

from __future__ import annotations

from oidc.errors import ProtocolError
from oidc.keys.jws import InvalidToken
from oidc.requests.authorization_request import Draft
from oidc.tokens.id_token import read_id_token_hint


def check_id_token_hint(draft: Draft) -> None:
    """Take the person that the client expects, from an ID token of its own, expired or not.

    It is a wish and proves nothing: a client with HS256 can make one up, and could as well name
    the person by `claims`. Whoever it names, session and consent are asked for as without it.
    """
    hint = draft.parameters.get("id_token_hint", "")
    if not hint:
        return
    try:
        claims = read_id_token_hint(hint).claims
    except InvalidToken as error:
        raise _not_a_hint(str(error)) from error
    if claims["aud"] != draft.client.client_id:
        raise _not_a_hint("an ID token of another client")
    draft.hinted_sub = str(claims["sub"])


def _not_a_hint(detail: str) -> ProtocolError:
    return ProtocolError(
        "invalid_request", "id_token_hint is not an ID token for this client", detail=detail
    )
