"""max_age. Spec: OpenID Connect Core 1.0 section 3.1.2.1."""

from __future__ import annotations

from oidc.errors import ProtocolError
from oidc.requests.authorization_request import Draft

MAX_DIGITS = 10


def check_max_age(draft: Draft) -> None:
    """Take the seconds, or the client's registered default."""
    text = draft.parameters.get("max_age", "")
    if not text:
        draft.max_age = draft.client.default_max_age
        return
    if not (text.isascii() and text.isdigit()) or len(text) > MAX_DIGITS:
        raise ProtocolError("invalid_request", "max_age is not a number of seconds")
    draft.max_age = int(text)
