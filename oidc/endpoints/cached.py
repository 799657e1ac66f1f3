"""Documents that caches may keep. Spec: RFC 9110 sections 8.8.3 and 13.1.2."""

from __future__ import annotations

import re

from oidc.http import Request, Response

MAX_AGE_SECONDS = 300
"""How long others may keep our keys and metadata: a new key is announced for longer than this."""

_OPAQUE_TAG = re.compile(r'(?:W/)?("[^"]*")')


def cached_json(request: Request, body: bytes, etag: str) -> Response:
    """Answer with a prepared document, or 304 to whoever has it already."""
    headers = (
        ("Content-Type", "application/json"),
        ("Cache-Control", f"public, max-age={MAX_AGE_SECONDS}"),
        ("ETag", etag),
    )
    if _is_known(request.headers.get("if-none-match", ""), etag):
        return Response(304, b"", headers[1:])
    return Response(200, body, headers)


def _is_known(if_none_match: str, etag: str) -> bool:
    """Compare weakly: a proxy that compresses the document makes its tag a weak one.

    Spec: RFC 9110 sections 8.8.3.2 and 13.1.2.
    """
    return if_none_match.strip() == "*" or etag in _OPAQUE_TAG.findall(if_none_match)
