"""The token type in the header of a JWT that somebody else made.

Spec: RFC 7515 section 4.1.9, RFC 8725 section 3.11. A JWT that was made for one purpose must not
pass for another: an ID token or a logout token of an issuer is no software statement of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

UNTYPED = "jwt"
_PREFIX = "application/"


def has_type(header: Mapping[str, Any], explicit_type: str) -> bool:
    """Tell whether a JWT says that it is of a type, or says nothing beyond being a JWT.

    A media type is compared without regard to case, and `application/` may stand before it.
    """
    typ = header.get("typ", UNTYPED)
    if not isinstance(typ, str):
        return False
    return typ.lower().removeprefix(_PREFIX) in (UNTYPED, explicit_type)
