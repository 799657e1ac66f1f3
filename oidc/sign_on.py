"""Sessions of sign-on: opened when somebody signs in, ended when they sign out."""

from __future__ import annotations

import secrets
from typing import Any

from django.http import HttpRequest

from accounts.account_state import may_still_sign_in
from accounts.authentication import SID_MEMBER
from oidc.conf import configuration
from oidc.errors import SessionEnded
from oidc.logout import ending
from oidc.stores.redis import sign_ons


def open_session(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    """Begin a session of sign-on for a browser session. Receives `user_logged_in`.

    Without one the browser session counts for nothing. So it is for somebody who was disabled, or
    got another password, while the log-in was on its way: being signed out everywhere came too
    early to meet this session, and the change was committed before that.

    Who signs in once more keeps the session, and stays signed in to their apps.
    """
    if _has_session(request, user):
        return
    sid = secrets.token_urlsafe(16)
    sign_ons.start(str(user.pk), sid, configuration().session_lifetime_seconds)
    if may_still_sign_in(user):
        request.session[SID_MEMBER] = sid
    else:
        sign_ons.end(str(user.pk), sid)


def _has_session(request: HttpRequest, user: Any) -> bool:
    sid = request.session.get(SID_MEMBER, "")
    if not sid or not may_still_sign_in(user):
        return False
    try:
        sign_ons.find(str(user.pk), sid)
    except SessionEnded:
        return False
    return True


def end_session(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    """End it, before the browser session goes. Receives `user_logged_out`."""
    sid = request.session.get(SID_MEMBER)
    if user is not None and sid:
        ending.end_session(str(user.pk), sid)


def end_everything(sender: Any, user_id: str, **_: Any) -> None:
    """End every session and grant of a person. Receives `signed_out_everywhere`."""
    ending.end_everything(user_id)
