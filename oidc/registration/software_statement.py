"""Software statements: what somebody we trust says about an application.

Spec: RFC 7591 sections 2.3, 3.1.1 and 3.2.2; RFC 8725.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jwt

from oidc.clients.jwk import SIGNING_ALGS
from oidc.clients.keys import published_keys
from oidc.clients.token_type import has_type
from oidc.clients.waiting import Tenant
from oidc.conf import configuration
from oidc.errors import ProtocolError

CLOCK_TOLERANCE_SECONDS = 10
LONGEST_STATEMENT = 16_384
TOKEN_TYPE = "software-statement+jwt"
"""Not registered, but what a careful issuer would write; most write `JWT`, or nothing."""
CLAIMS_OF_THE_TOKEN = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti"})


def verify_software_statement(statement: object) -> dict[str, Any]:
    """Return the metadata in a statement of a configured issuer.

    Raises:
        ProtocolError: `unapproved_software_statement` for an issuer that does not count here,
            `invalid_software_statement` for everything else.
    """
    if not isinstance(statement, str) or len(statement) > LONGEST_STATEMENT:
        raise _invalid("not text, or too long")
    header, issuer = _read_unverified(statement)
    keys = configuration().software_statement_issuers.get(issuer)
    if keys is None:
        raise ProtocolError(
            "unapproved_software_statement",
            "software statements of this issuer are not accepted here",
            detail="software_statement: unknown iss",
        )
    return _without_claims_of_the_token(_verify(statement, header, issuer, keys))


def metadata_in(statement: str) -> dict[str, Any]:
    """Return the metadata of a statement that was verified when its client registered.

    It holds for the client's later changes, too, even when it has expired meanwhile.
    """
    return _without_claims_of_the_token(_unverified_claims(statement))


def issuer_of(statement: str) -> str:
    """Return who made a statement that was verified when its client registered."""
    return str(_unverified_claims(statement)["iss"])


def _read_unverified(statement: str) -> tuple[dict[str, Any], str]:
    try:
        header = jwt.get_unverified_header(statement)
        claims = _unverified_claims(statement)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise _invalid(type(error).__name__) from error
    if header.get("alg") not in SIGNING_ALGS:
        raise _invalid("alg is not accepted")
    if not has_type(header, TOKEN_TYPE):
        raise _invalid("a token of another type")
    issuer = claims.get("iss")
    if not isinstance(issuer, str):
        raise _invalid("iss is missing")
    return header, issuer


def _unverified_claims(statement: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(statement, options={"verify_signature": False})
    return claims


def _verify(
    statement: str, header: dict[str, Any], issuer: str, keys: Mapping[str, Any]
) -> dict[str, Any]:
    alg, kid = header["alg"], header.get("kid")
    owner = Tenant(f"software statements of {issuer}")
    candidates = published_keys(owner, keys.get("jwks"), keys.get("jwks_uri", ""), kid, alg)
    for key in candidates:
        try:
            claims: dict[str, Any] = jwt.decode(
                statement,
                key,
                algorithms=[alg],
                audience=configuration().issuer,
                issuer=issuer,
                leeway=CLOCK_TOLERANCE_SECONDS,
                options={"require": ["iss"], "verify_aud": "aud" in _unverified_claims(statement)},
            )
        except jwt.InvalidSignatureError:
            continue
        except (jwt.PyJWTError, ValueError) as error:
            raise _invalid(type(error).__name__) from error
        return claims
    raise _invalid("no key of the issuer verifies the signature")


def _without_claims_of_the_token(claims: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if name not in CLAIMS_OF_THE_TOKEN}


def _invalid(detail: str) -> ProtocolError:
    return ProtocolError(
        "invalid_software_statement",
        "the software statement is malformed, expired or not signed by its issuer",
        detail=f"software_statement: {detail}",
    )
