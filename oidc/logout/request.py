"""A client's request to sign somebody out.

Spec: OpenID Connect RP-Initiated Logout 1.0 sections 2 to 4.
"""

from __future__ import annotations

from dataclasses import dataclass

from accounts.authentication import AuthenticationContext
from oidc.clients.record import Client
from oidc.clients.repository import find_client
from oidc.http import Parameters, with_query
from oidc.keys.jws import InvalidToken
from oidc.tokens.id_token import read_id_token_hint
from oidc.tokens.subjects import subject_for

PARAMETERS = frozenset(
    {
        "id_token_hint",
        "logout_hint",
        "client_id",
        "post_logout_redirect_uri",
        "state",
        "ui_locales",
    }
)
"""All that the specification has. `ui_locales` is the business of the pages."""


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """What of a request may be believed. Only `validate_logout_request` makes one.

    A request that breaks a rule is worth nothing (section 4), but for the wish to sign out, which
    needs nobody's permission: then there is no client, nowhere to return to, and `problem` says why
    for the log.
    """

    client: Client | None = None
    hinted_subject: str = ""
    """`sub` of a verified `id_token_hint`."""
    hinted_sid: str = ""
    post_logout_redirect_uri: str = ""
    state: str = ""
    logout_hint: str = ""
    problem: str = ""

    @property
    def return_address(self) -> str:
        """Where the client wants the browser to return to; empty: nowhere."""
        uri = self.post_logout_redirect_uri
        if not uri or not self.state:
            return uri
        return with_query(uri, {"state": self.state})

    def is_about(self, context: AuthenticationContext) -> bool:
        """Tell whether its ID token belongs to this very session, so that nothing must be asked.

        Spec: section 2: the person must be asked otherwise.
        """
        if self.client is None or not self.hinted_subject:
            return False
        is_same_person = self.hinted_subject == subject_for(self.client, context.user_id)
        return is_same_person and self.hinted_sid in ("", context.sid)


class _Unbelievable(Exception):
    """A request that breaks a rule. The text is for the log."""


def validate_logout_request(parameters: Parameters) -> LogoutRequest:
    """Check a request from its parameters. It never fails: see `LogoutRequest.problem`."""
    try:
        return _validated(parameters)
    except _Unbelievable as failure:
        return LogoutRequest(problem=str(failure))


def _validated(parameters: Parameters) -> LogoutRequest:
    repeated = parameters.repeated & PARAMETERS
    if repeated:
        raise _Unbelievable(f"repeated: {', '.join(sorted(repeated))}")
    hint = _verified_hint(parameters.get("id_token_hint", ""))
    client = _find_client(parameters.get("client_id", ""), str(hint.get("aud", "")))
    return LogoutRequest(
        client=client,
        hinted_subject=str(hint.get("sub", "")),
        hinted_sid=str(hint.get("sid", "")),
        post_logout_redirect_uri=_registered(
            client, parameters.get("post_logout_redirect_uri", "")
        ),
        state=parameters.get("state", ""),
        logout_hint=parameters.get("logout_hint", ""),
    )


def _verified_hint(id_token_hint: str) -> dict[str, object]:
    """Return the claims of the hint, expired or not, or nothing if there is none."""
    if not id_token_hint:
        return {}
    try:
        return read_id_token_hint(id_token_hint)
    except InvalidToken as error:
        raise _Unbelievable(f"id_token_hint: {error}") from error


def _find_client(client_id: str, audience: str) -> Client | None:
    """Return the client that asks. Spec: section 2, `client_id`: it must be the hint's `aud`."""
    if client_id and audience and client_id != audience:
        raise _Unbelievable("client_id is not the aud of id_token_hint")
    asking = client_id or audience
    if not asking:
        return None
    client = find_client(asking)
    if client is None:
        raise _Unbelievable("no such client")
    return client


def _registered(client: Client | None, post_logout_redirect_uri: str) -> str:
    """Return the address if it is this client's own, compared character by character.

    Spec: section 3.
    """
    if not post_logout_redirect_uri:
        return ""
    if client is None:
        raise _Unbelievable("post_logout_redirect_uri without id_token_hint or client_id")
    if post_logout_redirect_uri not in client.post_logout_redirect_uris:
        raise _Unbelievable("post_logout_redirect_uri is not registered")
    return post_logout_redirect_uri
