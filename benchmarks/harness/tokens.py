"""Looks at the tokens that came out of a load: signed by the right key, and no two the same."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import jwt

TOKEN_MEMBERS = ("access_token", "id_token", "refresh_token")
DISTINCT = ("access_token", "refresh_token")
"""Two ID tokens of one person in one second may well say the same."""


class BadTokens(RuntimeError):
    """Tokens that no load should count. The text says which."""


def check(answers: Iterable[str], jwks: Mapping[str, Any], id_token_algorithm: str) -> int:
    """Verify token responses, one JSON text each. Returns how many there were.

    A JWT must be signed by a key of the server's; an opaque token is just a string. ID tokens must
    have the algorithm that was asked for.

    Raises:
        BadTokens: a signature is wrong, an algorithm is another, or a token came twice.
    """
    keys = {key["kid"]: jwt.PyJWK(dict(key)) for key in jwks["keys"] if key.get("use") != "enc"}
    seen: set[str] = set()
    count = 0
    for answer in answers:
        members = json.loads(answer)
        count += 1
        for name in TOKEN_MEMBERS:
            token = members.get(name)
            if token is None:
                continue
            if name in DISTINCT and token in seen:
                raise BadTokens(f"the same {name} came twice")
            seen.add(token)
            if token.count(".") == 2:
                algorithm = _verified(token, keys)
                if name == "id_token" and algorithm != id_token_algorithm:
                    raise BadTokens(f"an ID token is signed with {algorithm}")
    return count


def _verified(token: str, keys: Mapping[str, jwt.PyJWK]) -> str:
    """Verify a signature and the expiry. Returns the algorithm."""
    header = jwt.get_unverified_header(token)
    key = keys.get(str(header.get("kid")))
    if key is None:
        raise BadTokens(f"a token names an unknown key: {header.get('kid')}")
    try:
        jwt.decode(token, key.key, [key.algorithm_name], options={"verify_aud": False})
    except jwt.PyJWTError as error:
        raise BadTokens(f"a token does not verify: {error}") from error
    return str(header["alg"])
