"""One person's sign-in over HTTP, step by step: for what must be there before a load begins."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from benchmarks.peers.base import REDIRECT_URI, SCOPE, Client, Peer, Prepared

VERIFIER = "a-code-verifier-of-a-benchmark-0123456789-abcdefghij"
NONCE = "n-0S6_WzA2Mj"
_TIMEOUT_SECONDS = 30
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class SignInFailed(RuntimeError):
    """A server did not answer as it should. The text says what it answered."""


def basic(client: Client) -> str:
    """Return the Authorization header of a client."""
    pair = f"{quote(client.client_id, safe='')}:{quote(client.secret, safe='')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def authorization_target(prepared: Prepared, client: Client) -> str:
    """Return path and query of an authorization request."""
    challenge = hashlib.sha256(VERIFIER.encode()).digest()
    parameters = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": SCOPE,
        "state": "af0ifjsldkj",
        "nonce": NONCE,
        "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **prepared.authorize_parameters,
    }
    return f"{prepared.endpoints.authorize}?{urlencode(parameters)}"


def exchange_form() -> str:
    """Return the form of a token request up to its code."""
    fixed = {
        "grant_type": "authorization_code",
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
    }
    return urlencode(fixed) + "&code="


def sign_in(peer: Peer, prepared: Prepared, client: Client, cookie: str) -> dict[str, Any]:
    """Sign somebody in who has a session. Returns the token response."""
    target = authorization_target(prepared, client)
    status, headers, body = ask(peer, "GET", target, headers={"Cookie": cookie})
    code = parse_qs(urlsplit(headers.get("location", "")).query).get("code")
    if not code:
        raise SignInFailed(f"{peer.name}: {status} {headers.get('location')} {body[:300]!r}")
    form = exchange_form() + quote(code[0], safe="")
    headers = {**_FORM, "Authorization": basic(client)}
    status, _, body = ask(peer, "POST", prepared.endpoints.token, form, headers)
    if status != 200:
        raise SignInFailed(f"{peer.name}: {status} {body[:300]!r}")
    answer: dict[str, Any] = json.loads(body)
    return answer


def ask(
    peer: Peer,
    method: str,
    target: str,
    body: str | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, str], bytes]:
    """Send one request. Returns status, headers by lower-case name, and body.

    Headers that come more than once are lines of one text.
    """
    connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request(method, target, body, {"Host": peer.host, **(headers or {})})
        answer = connection.getresponse()
        found: dict[str, str] = {}
        for name, value in answer.getheaders():
            before = found.get(name.lower())
            found[name.lower()] = value if before is None else f"{before}\n{value}"
        return answer.status, found, answer.read()
    finally:
        connection.close()
