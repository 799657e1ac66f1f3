"""redirect_uri: present once, and exactly one of the client's own. Spec: RFC 9700 section 2.1."""

from __future__ import annotations

from oidc.errors import PageError
from oidc.requests.authorization_request import Draft


def check_redirect_uri(draft: Draft) -> None:
    """Take the redirect URI; one that is not registered is never redirected to."""
    redirect_uri = draft.parameters.get("redirect_uri", "")
    if not redirect_uri or "redirect_uri" in draft.parameters.repeated:
        raise PageError("invalid_request", "redirect_uri is missing or repeated")
    if not draft.client.check_redirect_uri(redirect_uri):
        raise PageError(
            "invalid_request",
            "redirect_uri is not registered for this application",
            detail=f"redirect_uri not registered: {redirect_uri[:200]!r}",
        )
    draft.redirect_uri = redirect_uri
