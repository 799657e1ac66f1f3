"""The client's id and secret in the form. Spec: RFC 6749 section 2.3.1."""

from __future__ import annotations

from oidc.clients.authentication.claim import Claim, claim_with_secret
from oidc.clients.authentication.errors import invalid_client
from oidc.http import Request

NAME = "client_secret_post"


def is_presented(request: Request) -> bool:
    return "client_secret" in request.form


def claim(request: Request) -> Claim:
    if "client_id" not in request.form:
        raise invalid_client("client_secret without client_id")
    return claim_with_secret(request.form["client_id"], request.form["client_secret"])
