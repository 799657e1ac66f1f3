"""Access tokens presented to us as a resource server. Spec: RFC 6750."""

from __future__ import annotations

from oidc.errors import ProtocolError
from oidc.http import Request

REALM = 'realm="gatehouse"'


def presented_access_token(request: Request) -> str:
    """Return the one access token of a request: from the header, or from a form.

    Raises:
        ProtocolError: 401 without an error code if there is none (section 3.1);
            `invalid_request` for two, for one in the query (section 2.3), or for a malformed
            header.
    """
    if "access_token" in request.query:
        description = "the access token must not be in the query"
        raise bearer_error("invalid_request", description, status=400)
    header = request.headers.get("authorization", "")
    in_form = request.form.get("access_token", "")
    if header and in_form:
        raise bearer_error("invalid_request", "the access token comes twice", status=400)
    if in_form:
        return in_form
    if not header:
        raise ProtocolError(
            "invalid_token",
            "an access token is required",
            status=401,
            headers=(("WWW-Authenticate", f"Bearer {REALM}"),),
        )
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise bearer_error("invalid_request", "the Authorization header is not Bearer", status=400)
    return token.strip()


def bearer_error(
    error: str, description: str, *, status: int, detail: str = "", scope: str = ""
) -> ProtocolError:
    """Make an error with its challenge (section 3)."""
    challenge = f'Bearer {REALM}, error="{error}", error_description="{description}"'
    if scope:
        challenge += f', scope="{scope}"'
    return ProtocolError(
        error,
        description,
        status=status,
        detail=detail,
        headers=(("WWW-Authenticate", challenge),),
    )


def invalid_token(detail: str) -> ProtocolError:
    """Make the one 401 for every token that does not hold."""
    return bearer_error(
        "invalid_token", "the access token is invalid or expired", status=401, detail=detail
    )
