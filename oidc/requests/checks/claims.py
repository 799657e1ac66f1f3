"""claims, with the `sub` and `acr` it may ask for. Spec: Core sections 5.5 and 5.5.1.1."""

from __future__ import annotations

from oidc.errors import ProtocolError
from oidc.requests.authorization_request import Draft
from oidc.requests.claims import parse_claims
from oidc.tokens.claims import releasable_claims


def check_claims(draft: Draft) -> None:
    """Take the requested claims. A value for `sub` names the one person who will do.

    Runs after `check_scope`: without `openid`, nothing would deliver a claim.
    """
    text = draft.parameters.get("claims", "")
    if not text:
        return
    is_openid = "openid" in draft.scope
    allowed = releasable_claims(draft.client.scope) if is_openid else frozenset()
    draft.claims = parse_claims(text, allowed)
    subjects = draft.claims.subjects
    if draft.hinted_sub:
        subjects |= {draft.hinted_sub}
    if len(subjects) > 1:
        raise ProtocolError("invalid_request", "the request names more than one person")
    draft.hinted_sub = next(iter(subjects), "")
