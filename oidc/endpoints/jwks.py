"""The key set. Spec: RFC 7517 section 5; OpenID Connect Discovery 1.0 section 3."""

from __future__ import annotations

from oidc.endpoints.cached import cached_json
from oidc.http import Request, Response
from oidc.keys.ring import key_ring


def jwks(request: Request) -> Response:
    """Publish every key that verifies, announced ones included."""
    ring = key_ring()
    return cached_json(request, ring.jwks, ring.etag)
