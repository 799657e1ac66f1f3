"""Public clients: named, not authenticated. Spec: RFC 6749 section 3.2.1."""

from __future__ import annotations

from oidc.clients.authentication.claim import Claim, claim_by_name
from oidc.http import Request

NAME = "none"
_CREDENTIALS = ("client_secret", "client_assertion", "client_assertion_type")


def is_presented(request: Request) -> bool:
    return (
        "client_id" in request.form
        and "authorization" not in request.headers
        and not any(name in request.form for name in _CREDENTIALS)
    )


def claim(request: Request) -> Claim:
    return claim_by_name(request.form["client_id"])
