"""The token endpoint. Spec: RFC 6749 section 3.2."""

from __future__ import annotations

from oidc.http import Request, Response
from oidc.server import server


def token(request: Request) -> Response:
    """Exchange a grant for tokens."""
    return server().create_token_response(request)
