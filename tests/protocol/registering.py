"""What tests of registration share."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from oidc.registration.initial_access_tokens import issue_initial_access_token
from tests.support.doors import Answer, Send
from tests.support.relying_party import REDIRECT_URI

PATH = "/oauth2/register"
GOOD = {"redirect_uris": [REDIRECT_URI]}


def initial_access_token(most_uses: int = 1, scope: str = "") -> str:
    """Return a new token that works for an hour."""
    lifetime = timedelta(hours=1)
    issued = issue_initial_access_token("test", lifetime=lifetime, most_uses=most_uses, scope=scope)
    return issued.value


def call(
    send: Send, method: str, path: str, members: Any = None, token: str | None = None
) -> Answer:
    """Send a JSON body, if there is one, with a bearer token, if there is one."""
    headers = {"Content-Type": "application/json"} if members is not None else {}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    body = json.dumps(members).encode() if members is not None else b""
    return send(method, path, "", body, headers)


def register(send: Send, token: str | None = None, **members: Any) -> Answer:
    """Register with good metadata and these members besides; None leaves one out."""
    whole = {name: value for name, value in {**GOOD, **members}.items() if value is not None}
    return call(send, "POST", PATH, whole, token)


def path_of(registered: dict[str, Any]) -> str:
    """Return the path of the registration's own address."""
    address: str = registered["registration_client_uri"]
    return address.removeprefix("http://localhost:8000")
