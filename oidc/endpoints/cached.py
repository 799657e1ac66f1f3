"""Documents that caches may keep. Spec: RFC 9110 sections 8.8.3 and 13.1.2."""

from __future__ import annotations

from oidc.http import Request, Response

MAX_AGE_SECONDS = 300
"""How long others may keep our keys and metadata: a new key is announced for longer than this."""


def cached_json(request: Request, body: bytes, etag: str) -> Response:
    """Answer with a prepared document, or 304 to whoever has it already."""
    headers = (
        ("Content-Type", "application/json"),
        ("Cache-Control", f"public, max-age={MAX_AGE_SECONDS}"),
        ("ETag", etag),
    )
    known = [value.strip() for value in request.headers.get("if-none-match", "").split(",")]
    if etag in known or "*" in known:
        return Response(304, b"", headers[1:])
    return Response(200, body, headers)
