"""code_challenge. Spec: RFC 7636 sections 4.3 and 4.4.1; OAuth 2.1 section 4.1.1."""

from __future__ import annotations

import re

from oidc.errors import ProtocolError
from oidc.requests.authorization_request import Draft

_S256_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")


def check_code_challenge(draft: Draft) -> None:
    """Take an S256 challenge; `plain` is refused, also by omission of the method.

    Without a code there is nothing to protect by it.
    """
    if "code" not in draft.response_type.split():
        return
    challenge = draft.parameters.get("code_challenge", "")
    method = draft.parameters.get("code_challenge_method", "")
    if not challenge:
        if method:
            raise ProtocolError("invalid_request", "code_challenge is missing")
        if draft.client.require_pkce or draft.client.is_public:
            raise ProtocolError("invalid_request", "code_challenge is required")
        return
    if method != "S256":
        raise ProtocolError("invalid_request", "code_challenge_method must be S256")
    if not _S256_CHALLENGE.match(challenge):
        raise ProtocolError("invalid_request", "code_challenge is malformed")
    draft.code_challenge = challenge
