"""Requests that wait for a person, each bound to the browser that started it.

Mostly authorization requests. What waits for something else has another `purpose`, and never opens
in the place of one. Their parameters name people (`login_hint`) and hold tokens (`id_token_hint`),
so the store gets them encrypted.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Mapping
from http.cookies import SimpleCookie

from oidc.conf import configuration
from oidc.errors import NotFound
from oidc.http import Headers, Request
from oidc.keys.at_rest import decrypt, encrypt
from oidc.networks import limit_kept_bytes
from oidc.stores.records import Interaction
from oidc.stores.redis import interactions

RESUMPTION_LIFETIME_SECONDS = 60
_SEALED = "sealed"
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_BYTES_OF_A_RECORD = 300
"""What a record takes besides its parameters."""


def start_interaction(
    request: Request, parameters: Mapping[str, str], *, purpose: str = ""
) -> tuple[Interaction, Headers]:
    """Keep a request under an id of its own. One round trip.

    Returns the interaction, and the header that gives the browser a binding cookie if it has none:
    all that a browser starts later shares it.

    Raises:
        PageError: 429, this network has left too much already.
    """
    interaction, headers = _for_browser(request.cookies(), parameters, purpose)
    _keep_for_stranger(request, interaction, configuration().interaction_lifetime_seconds)
    return interaction, headers


def keep_for_browser(
    cookies: Mapping[str, str], parameters: Mapping[str, str], *, purpose: str = ""
) -> tuple[Interaction, Headers]:
    """Do what `start_interaction` does, for somebody who has signed in, with these cookies."""
    interaction, headers = _for_browser(cookies, parameters, purpose)
    interactions.store(interaction, configuration().interaction_lifetime_seconds)
    return interaction, headers


def keep_for_resumption(
    request: Request, parameters: Mapping[str, str], *, purpose: str = ""
) -> Interaction:
    """Keep a request that is worth as much as its parameters: bound to no browser, for a minute.

    Whoever learns its id can do no more than start the request, as with any link to us.

    Raises:
        PageError: 429, this network has left too much already.
    """
    kept = _new(parameters, browser_hash=purpose)
    _keep_for_stranger(request, kept, RESUMPTION_LIFETIME_SECONDS)
    return kept


def resume(interaction_id: str, *, request_id: str, purpose: str = "") -> Interaction:
    """Take back what `keep_for_resumption` kept, once. Two round trips.

    Raises:
        NotFound: unknown, taken already, expired, or something that waits for a person on a page,
            and has to be there afterwards.
    """
    if _find(interaction_id).browser_hash != purpose:
        raise NotFound("not kept for resumption")
    return _opened(interactions.consume(interaction_id, request_id=request_id))


def browser_secrets(cookies: Mapping[str, str]) -> list[str]:
    """Return the values of a browser's binding cookies.

    It has several if it came for the first time in several tabs at once. Each answer then sets a
    cookie, and they have different names so that none takes the place of another.
    """
    beginning = f"{configuration().browser_cookie_name}-"
    return [value for name, value in cookies.items() if value and name.startswith(beginning)]


def browser_hashes(cookies: Mapping[str, str], purpose: str = "") -> list[str]:
    """Return what an interaction of this browser may have as its `browser_hash`."""
    return [_hash(secret, purpose) for secret in browser_secrets(cookies)]


def find_interaction(
    interaction_id: str, cookies: Mapping[str, str], *, purpose: str = ""
) -> Interaction:
    """Return a waiting interaction of this browser. One round trip.

    Raises:
        NotFound: unknown, finished, expired, of another purpose, or started by another browser.
    """
    interaction = _find(interaction_id)
    if not any(
        hmac.compare_digest(interaction.browser_hash, expected)
        for expected in browser_hashes(cookies, purpose)
    ):
        raise NotFound("started by another browser, or for something else")
    return _opened(interaction)


def _for_browser(
    cookies: Mapping[str, str], parameters: Mapping[str, str], purpose: str
) -> tuple[Interaction, Headers]:
    known = browser_secrets(cookies)
    secret = known[-1] if known else secrets.token_urlsafe(16)
    headers: Headers = () if known else (("Set-Cookie", _browser_cookie(secret)),)
    return _new(parameters, browser_hash=_hash(secret, purpose)), headers


def _keep_for_stranger(request: Request, interaction: Interaction, lifetime_seconds: int) -> None:
    size = _BYTES_OF_A_RECORD + sum(map(len, interaction.parameters.values()))
    limit_kept_bytes(request.remote_address, size)
    interactions.store(interaction, lifetime_seconds)


def _new(parameters: Mapping[str, str], *, browser_hash: str) -> Interaction:
    return Interaction(
        interaction_id=secrets.token_urlsafe(16),
        browser_hash=browser_hash,
        parameters={_SEALED: encrypt(json.dumps(dict(parameters)).encode())},
        created_at=time.time(),
    )


def _find(interaction_id: str) -> Interaction:
    """Ask the store for an id of the form that we make. No other can be there, and one with a brace
    in it would have no hash tag."""
    if not _ID.fullmatch(interaction_id):
        raise NotFound("not an id of ours")
    return interactions.find(interaction_id)


def _opened(interaction: Interaction) -> Interaction:
    return interaction._replace(parameters=json.loads(decrypt(interaction.parameters[_SEALED])))


def _hash(secret: str, purpose: str) -> str:
    """Hash both. A secret has no space in it, so no purpose can be taken for a part of one."""
    text = f"{secret} {purpose}" if purpose else secret
    return hashlib.sha256(text.encode()).hexdigest()


def _browser_cookie(secret: str) -> str:
    configured = configuration()
    name = f"{configured.browser_cookie_name}-{secrets.token_hex(4)}"
    cookie: SimpleCookie = SimpleCookie({name: secret})
    cookie[name]["path"] = "/"
    cookie[name]["httponly"] = True
    cookie[name]["samesite"] = "Lax"
    cookie[name]["secure"] = configured.cookie_secure
    return cookie[name].OutputString()
