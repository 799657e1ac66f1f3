"""id_token_hint. Spec: OpenID Connect Core 1.0 section 3.1.2.1."""

from __future__ import annotations

from oidc.errors import ProtocolError
from oidc.keys.jws import InvalidToken
from oidc.requests.authorization_request import Draft
from oidc.tokens.id_token import read_id_token_hint


def check_id_token_hint(draft: Draft) -> None:
    """Take the person that the client expects, from an ID token of ours, expired or not."""
    hint = draft.parameters.get("id_token_hint", "")
    if not hint:
        return
    try:
        draft.hinted_user_id = str(read_id_token_hint(hint)["sub"])
    except InvalidToken as error:
        raise ProtocolError(
            "invalid_request", "id_token_hint is not an ID token of this issuer", detail=str(error)
        ) from error
