"""Scripts of any origin may call what looks at no cookie (CORS). Spec: Fetch section 3.3.

So any request header may come along: tracing libraries add theirs to every request of an app, and
MCP clients send `MCP-Protocol-Version`. The names are echoed, because the wildcard does not stand
for `Authorization`.

Credentials are never allowed. Cookies mean nothing here; but to answer every origin that they are
welcome would also promise it for what others put in front of this server: a client certificate, the
log-in of a proxy. An app that sends its requests with `credentials: "include"` must not do so.
"""

from __future__ import annotations

import re

from oidc.http import Headers

ANY_ORIGIN = ("Access-Control-Allow-Origin", "*")
ANSWER_HEADERS: Headers = (
    ANY_ORIGIN,
    ("Access-Control-Expose-Headers", "WWW-Authenticate, X-Request-Id"),
)
PREFLIGHT_SECONDS = 3600
ALWAYS_ALLOWED = ("Authorization", "Content-Type")
MOST_NAMES = 100
_NAME = re.compile(r"[!#$%&'+.^_`|~0-9A-Za-z-]{1,100}")
"""A token (RFC 9110 section 5.6.2), but no asterisk."""


def preflight_headers(methods: tuple[str, ...], requested: str) -> Headers:
    """Answer a preflight request.

    `requested`: its `Access-Control-Request-Headers`; everything in it that is a name is allowed.
    """
    known = {name.lower() for name in ALWAYS_ALLOWED}
    names = [name.strip() for name in requested.split(",", MOST_NAMES)[:MOST_NAMES]]
    more = [name for name in names if _NAME.fullmatch(name) and name.lower() not in known]
    return (
        ANY_ORIGIN,
        ("Access-Control-Allow-Methods", ", ".join(methods)),
        ("Access-Control-Allow-Headers", ", ".join((*ALWAYS_ALLOWED, *more))),
        ("Access-Control-Max-Age", str(PREFLIGHT_SECONDS)),
    )
