"""What every refusal must look like, and tokens that nobody should accept."""

from __future__ import annotations

import base64
import hmac
import json
import re
from typing import Any
from urllib.parse import urlsplit

from tests.support.doors import FORM, Answer

PRINTABLE = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]+")
"""RFC 6749 section 5.2: what `error` and `error_description` may consist of."""
MARKER = "Marker7f3a"
"""Put it into a request: no answer may show it."""


def assert_refused(answer: Answer, *statuses: int, redirected_to: str = "") -> dict[str, str]:
    """Check that an answer is a well-formed OAuth error: JSON, a page, or a redirect to a client.

    Returns `error` and `error_description` (empty for a page).
    """
    assert answer.header("X-Request-Id"), answer
    assert answer.header("Cache-Control") == "no-store"
    if redirected_to and answer.status == 303:
        assert answer.location.startswith(redirected_to)
        assert urlsplit(answer.location)[:3] == urlsplit(redirected_to)[:3]
        members = answer.redirect_members
    else:
        assert 400 <= answer.status < 500, (answer.status, answer.body[:300])
        assert answer.status in statuses or not statuses, (answer.status, answer.body[:300])
        assert MARKER.encode() not in answer.body
        assert not answer.location
        if answer.header("Content-Type").startswith("text/html"):
            assert answer.header("X-Request-Id") in answer.text
            return {}
        assert answer.header("Content-Type") == "application/json"
        members = answer.json()
        assert set(members) == {"error", "error_description"}
    assert PRINTABLE.fullmatch(members["error"])
    assert PRINTABLE.fullmatch(members["error_description"])
    assert MARKER not in members["error_description"]
    return members


def encode(value: Any) -> str:
    """Encode JSON, or text that claims to be JSON, as base64url without padding."""
    text = value if isinstance(value, str) else json.dumps(value)
    data = text.encode(errors="surrogatepass")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forged(header: Any, payload: Any, signature: str = "c2lnbmF0dXJl") -> str:
    """Put any header and any payload together into what looks like a signed token."""
    return f"{encode(header)}.{encode(payload)}.{signature}"


def hs256(secret: bytes, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """Sign with a secret that is none: the text of a public key."""
    message = f"{encode(header | {'alg': 'HS256'})}.{encode(claims)}"
    signature = hmac.digest(secret, message.encode(), "sha256")
    return f"{message}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


DEEP = "[" * 6000 + "]" * 6000
"""JSON that is nested deeper than any parser of Python follows."""

UNREADABLE_TOKENS = {
    "empty segments": "..",
    "one dot": "a.b",
    "many dots": "." * 500,
    "not base64": "é.é.é",
    "alg none": forged({"alg": "none", "typ": "at+jwt"}, {"sub": "x"}, ""),
    "header is a list": forged([], {}),
    "header is text": forged('"x"', {}),
    "header is null": forged("null", {}),
    "header is not JSON": forged("{", {}),
    "header is deep": forged(DEEP, {}),
    "payload is deep": forged({"alg": "ES256", "typ": "at+jwt", "kid": "x"}, DEEP),
    "payload is a list": forged({"alg": "ES256", "typ": "at+jwt", "kid": "x"}, []),
    "alg is a list": forged({"alg": ["ES256"], "typ": "at+jwt"}, {}),
    "kid is a number": forged({"alg": "ES256", "typ": "at+jwt", "kid": 1}, {}),
    "kid is an object": forged({"alg": "ES256", "typ": "at+jwt", "kid": {"a": 1}}, {}),
    "kid is a path": forged({"alg": "HS256", "typ": "at+jwt", "kid": "../../../dev/null"}, {}),
    "kid is SQL": forged({"alg": "ES256", "typ": "at+jwt", "kid": "' OR 1=1 --"}, {}),
    "kid is huge": forged({"alg": "ES256", "typ": "at+jwt", "kid": "k" * 20_000}, {}),
    "kid is NUL": forged({"alg": "ES256", "typ": "at+jwt", "kid": "\0"}, {}),
    "kid is a surrogate": forged('{"alg":"ES256","typ":"at+jwt","kid":"\\ud800"}', {}),
    "typ is a number": forged({"alg": "ES256", "typ": 1, "kid": "x"}, {}),
    "crit": forged({"alg": "ES256", "typ": "at+jwt", "kid": "x", "crit": ["exp"]}, {}),
    "b64 false": forged(
        {"alg": "ES256", "typ": "at+jwt", "kid": "x", "crit": ["b64"], "b64": False}, {}
    ),
    "huge number": forged('{"alg":"ES256","typ":"at+jwt","kid":' + "9" * 5000 + "}", {}),
    "infinite number": forged('{"alg":"ES256","typ":"at+jwt","kid":1e999}', {}),
    "surrogates": forged('{"alg":"\\ud800"}', '{"iss":"\\udfff"}'),
}

FORM_HEADERS = {"Content-Type": FORM}
