"""One record of each kind, of a usual size, stored as the server stores it, for a new person."""

from __future__ import annotations

import secrets
import time
from uuid import uuid4

from oidc.interactions import keep_for_browser
from oidc.stores.buckets import bucket_of
from oidc.stores.records import AuthorizationCode, CodePresentation, Grant, GrantHandle
from oidc.stores.redis import browser_sessions, codes, replay_guards, sign_ons

TWO_WEEKS, MONTH = 14 * 24 * 3600, 30 * 24 * 3600
REDIRECT_URI = "https://app.example.com/signed-in/callback"
CLIENT_ID = "c7e7xya36ak74b4p2g7mmxwsyu"
CHALLENGE = secrets.token_urlsafe(32)


def _id() -> str:
    return secrets.token_urlsafe(16)


def store_browser_session() -> None:
    """What is left in a session after a log-in with a password."""
    user_id = str(uuid4())
    members: dict[str, object] = {
        "_auth_user_id": user_id,
        "_auth_user_backend": "allauth.account.auth_backends.AuthenticationBackend",
        "_auth_user_hash": secrets.token_hex(32),
        "account_authentication_methods": [{"method": "password", "at": time.time()}],
        "account_authentication_methods_user": user_id,
        "signed_in_at": time.time(),
        "sid": _id(),
        "_session_expiry": TWO_WEEKS,
    }
    browser_sessions.create(_id() + _id()[:10], members, TWO_WEEKS)


def store_sign_on() -> None:
    """With the index of its person, who has no other one."""
    sign_ons.start(str(uuid4()), _id(), TWO_WEEKS)


def store_code() -> None:
    """With the session of sign-on that it needs, and the index of its person."""
    _issue(str(uuid4()))


def store_grant() -> None:
    """The whole sign-in of one person at one app."""
    user_id = str(uuid4())
    handle, code_hash = _issue(user_id)
    codes.redeem(
        handle,
        code_hash,
        CodePresentation(CLIENT_ID, REDIRECT_URI, CHALLENGE),
        request_id=_id(),
        grant_lifetime_seconds=MONTH,
    )


def _issue(user_id: str) -> tuple[GrantHandle, str]:
    sid, now = _id(), int(time.time())
    sign_ons.start(user_id, sid, TWO_WEEKS)
    grant = Grant(
        grant_id=_id(),
        user_id=user_id,
        client_id=CLIENT_ID,
        scope=("openid", "profile", "email", "offline_access"),
        sid=sid,
        offline=True,
        auth_time=now,
        acr="urn:gatehouse:acr:password",
        amr=("pwd",),
        expires_at=now + 6 * MONTH,
    )
    handle, code_hash = GrantHandle(bucket_of(user_id), grant.grant_id), secrets.token_hex(32)
    codes.issue(handle, code_hash, AuthorizationCode(grant, REDIRECT_URI, CHALLENGE, _id()), 60)
    return handle, code_hash


def store_interaction() -> None:
    """An authorization request that waits for its person."""
    keep_for_browser(
        {},
        {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": REDIRECT_URI,
            "scope": "openid profile email offline_access",
            "state": _id(),
            "nonce": _id(),
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        },
    )


def store_guard() -> None:
    """The trace of a client assertion."""
    replay_guards.accept_once(
        "client_assertion", "client", _id(), request_id=_id(), lifetime_seconds=72
    )
