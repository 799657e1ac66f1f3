"""What the stores keep: records that never change, without behaviour.

Named tuples, because each request makes several, and freezing a dataclass takes as long again.

Times are epoch seconds unless the name says `_ms`. Every record is small, and holds ids instead
of personal data, so that a copy of the cluster tells nobody who somebody is.
"""

from __future__ import annotations

from typing import NamedTuple


class GrantHandle(NamedTuple):
    """Where a grant lives. Carried, masked, by every token of the grant.

    `bucket`: three base64url characters, the hash tag of the person's slot (see `stores.buckets`).
    `grant_id`: 22 base64url characters, 128 random bits.
    """

    bucket: str
    grant_id: str


class Grant(NamedTuple):
    """What a person allowed one client in one sign-in: a family of tokens.

    `sid` is the session of sign-on it came from. Unless `offline`, the grant ends with it.
    `expires_at` is the absolute end, which no refresh moves.
    """

    grant_id: str
    user_id: str
    client_id: str
    scope: tuple[str, ...]
    sid: str
    offline: bool
    auth_time: int
    acr: str
    amr: tuple[str, ...]
    expires_at: int
    claims: str = ""
    """JSON text: what the request's `claims` parameter asks of tokens and userinfo; "": nothing."""


class AuthorizationCode(NamedTuple):
    """A code waiting for its redemption, with the grant that it will open."""

    grant: Grant
    redirect_uri: str
    code_challenge: str
    """S256 challenge, or an empty string where the client may go without PKCE."""
    nonce: str
    redirect_uri_omitted: bool = False
    """The authorization request had none: it is the only one that the client registered."""


class CodePresentation(NamedTuple):
    """What a token request shows beside the code. Must equal what the code is bound to."""

    client_id: str
    redirect_uri: str
    """Empty: left out, which will do for a code with a challenge, or whose request had none."""
    code_challenge: str
    """S256 of the presented `code_verifier`, or an empty string where none was sent."""


class RefreshPresentation(NamedTuple):
    """What a refresh request shows: an authenticated generation, a client, perhaps less scope."""

    client_id: str
    generation: int
    scope: tuple[str, ...] = ()
    """The narrower scope asked for; empty: all that was granted."""
    client_scope: tuple[str, ...] | None = None
    """What the client may have today, of which something must be left; None: not asked about."""


class Rotation(NamedTuple):
    """The answer to a refresh: the grant, and the generation its next refresh token carries."""

    grant: Grant
    generation: int


class SignOn(NamedTuple):
    """A session of sign-on: one person, signed in with one browser."""

    sid: str
    user_id: str
    started_at_ms: int
    client_ids: tuple[str, ...] = ()
    """Clients that people signed in to through it, in the order of their first time."""


class Interaction(NamedTuple):
    """An authorization request that waits for a person.

    `browser_hash` binds it to the browser that started it. `parameters` are the validated
    request's own. `created_at` has fractions, so that "signed in after this was asked" is exact.
    """

    interaction_id: str
    browser_hash: str
    parameters: dict[str, str]
    created_at: float
    account_selected: bool = False
