"""The state of a browser that apps may watch. Spec: OpenID Connect Session Management 1.0.

A cookie, which the script of `check_session_iframe` can read, says which session of sign-on the
browser is in, without telling its id. `session_state` in a response is a hash over it: as long as
the script computes the same one, nothing has changed.

A second cookie, which never changes, stays when the first one goes. Where the script sees neither,
the browser shows it no cookies of ours, and it cannot tell.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from oidc.base64url import encode
from oidc.clients.validation.addresses import origin_of
from oidc.conf import configuration
from oidc.http import Headers
from oidc.keys.derived import derived_keys
from oidc.randomness import random_bytes

_PURPOSE = "browser state"
_SALT_BYTES, _STATE_BYTES = 12, 16
_SEEN = "_seen"
"""What the name of the second cookie ends with. The script knows it."""
_SEEN_SECONDS = 400 * 24 * 3600
"""As long as browsers keep one. Shorter: a tab that outlives it gets `error`, not `changed`."""

_origin_of = lru_cache(maxsize=1024)(origin_of)  # there are few redirect URIs


def session_state(client_id: str, redirect_uri: str, sid: str) -> str:
    """Return the `session_state` of an authorization response.

    Spec: sections 2 and 3.2. Empty where the redirect URI has no web origin: nothing there could
    ask the iframe.
    """
    if not redirect_uri.startswith(("https://", "http://")):
        return ""
    salt = encode(random_bytes(_SALT_BYTES)).decode()
    text = f"{client_id} {_origin_of(redirect_uri)} {browser_state(sid)} {salt}"
    return f"{hashlib.sha256(text.encode()).hexdigest()}.{salt}"


def browser_state(sid: str) -> str:
    """Return the cookie's value for a session of sign-on. Apps know its id, so there is a key."""
    return _browser_state(derived_keys(_PURPOSE).current.key, sid)


# A response needs it twice: in `session_state`, and in the cookie.
@lru_cache(maxsize=64)
def _browser_state(key: bytes, sid: str) -> str:
    keyed = hashlib.blake2b(sid.encode(), digest_size=_STATE_BYTES, key=key)
    return encode(keyed.digest()).decode()


def browser_state_cookie(presented: str, sid: str) -> Headers:
    """Return the headers that bring a browser's cookies up to date, or nothing if they are.

    `sid`: empty if nobody is signed in; the cookie with the state then goes.
    """
    value = browser_state(sid) if sid else ""
    if presented == value:
        return ()
    configured = configuration()
    name = configured.browser_state_cookie_name
    max_age = configured.session_lifetime_seconds if value else 0
    # The iframe stands on other sites' pages. Browsers take SameSite=None with Secure only.
    same_site = "SameSite=None; Secure" if configured.cookie_secure else "SameSite=Lax"
    return (
        ("Set-Cookie", f"{name}={value}; Max-Age={max_age}; Path=/; {same_site}"),
        ("Set-Cookie", f"{name}{_SEEN}=been-here; Max-Age={_SEEN_SECONDS}; Path=/; {same_site}"),
    )
