"""Our copies of clients' logos, each under the hash of its content.

Somebody from outside made these bytes. They are served as a picture and as nothing else: no
sniffing, and a policy under which an SVG that is opened by itself runs nothing and loads nothing.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from oidc.clients.logos import find_picture

POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
ONE_YEAR = "private, max-age=31536000, immutable"
"""Another picture has another address."""


@require_safe
def logo(request: HttpRequest, sha256: str) -> HttpResponse:
    """Answer with a picture. One SQL query."""
    picture = find_picture(sha256)
    if picture is None:
        raise Http404
    answer = HttpResponse(picture.content, content_type=picture.content_type)
    answer["Content-Security-Policy"] = POLICY
    answer["Cache-Control"] = ONE_YEAR
    return answer
