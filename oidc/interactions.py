"""Authorization requests that wait for a person, each bound to the browser that started it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from http.cookies import SimpleCookie

from oidc.conf import configuration
from oidc.errors import NotFound
from oidc.http import Headers, Parameters, Request
from oidc.stores.records import Interaction
from oidc.stores.redis import interactions

RESUMPTION_LIFETIME_SECONDS = 60


def start_interaction(request: Request, parameters: Parameters) -> tuple[Interaction, Headers]:
    """Keep a request under an id of its own. One round trip.

    Returns the interaction, and the header that gives the browser its binding cookie if it has
    none: all interactions of one browser share it.
    """
    secret = request.cookie(configuration().browser_cookie_name)
    headers: Headers = ()
    if not secret:
        secret = secrets.token_urlsafe(16)
        headers = (("Set-Cookie", _browser_cookie(secret)),)
    interaction = _new(parameters, browser_hash=_hash(secret))
    interactions.store(interaction, configuration().interaction_lifetime_seconds)
    return interaction, headers


def keep_for_resumption(parameters: Parameters) -> Interaction:
    """Keep a request that is worth as much as its parameters: bound to no browser, for a minute.

    Whoever learns its id can do no more than start the request, as with any link to us.
    """
    kept = _new(parameters, browser_hash="")
    interactions.store(kept, RESUMPTION_LIFETIME_SECONDS)
    return kept


def find_interaction(interaction_id: str, browser_secret: str) -> Interaction:
    """Return a waiting interaction of this browser. One round trip.

    Raises:
        NotFound: unknown, finished, expired, or started by another browser.
    """
    interaction = interactions.find(interaction_id)
    if not browser_secret or not hmac.compare_digest(
        interaction.browser_hash, _hash(browser_secret)
    ):
        raise NotFound("started by another browser")
    return interaction


def _new(parameters: Parameters, *, browser_hash: str) -> Interaction:
    return Interaction(
        interaction_id=secrets.token_urlsafe(16),
        browser_hash=browser_hash,
        parameters=dict(parameters),
        created_at=time.time(),
    )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _browser_cookie(secret: str) -> str:
    configured = configuration()
    name = configured.browser_cookie_name
    cookie: SimpleCookie = SimpleCookie({name: secret})
    cookie[name]["path"] = "/"
    cookie[name]["httponly"] = True
    cookie[name]["samesite"] = "Lax"
    cookie[name]["secure"] = configured.cookie_secure
    return cookie[name].OutputString()
