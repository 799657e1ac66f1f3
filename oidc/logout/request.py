"""A client's request to sign somebody out.

Spec: OpenID Connect RP-Initiated Logout 1.0 sections 2 to 4.
"""

from __future__ import annotations

from dataclasses import dataclass

from accounts.authentication import AuthenticationContext
from oidc.clients.record import Client
from oidc.clients.repository import find_client
from oidc.errors import PageError
from oidc.http import Parameters, with_query
from oidc.keys.jws import InvalidToken
from oidc.stores.records import SignOn
from oidc.tokens.for_client import OwnToken
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
    needs nobody's permission: then there is no client, nowhere to return to, and `problem` says
    why, for the page and for the log.
    """

    client: Client | None = None
    hinted_subject: str = ""
    """`sub` of a verified `id_token_hint`."""
    hinted_sid: str = ""
    hint_is_proof: bool = False
    """Its client cannot have made it itself."""
    post_logout_redirect_uri: str = ""
    state: str = ""
    logout_hint: str = ""
    problem: PageError | None = None
    asked_by: str = ""
    """The client that broke a rule, if it is known: for the log."""

    @property
    def return_address(self) -> str:
        """Where the client wants the browser to return to; empty: nowhere."""
        uri = self.post_logout_redirect_uri
        if not uri or not self.state:
            return uri
        return with_query(uri, {"state": self.state})

    def is_about(self, context: AuthenticationContext, session: SignOn) -> bool:
        """Tell whether its ID token belongs to this very session, so that nothing must be asked.

        Only an ID token that we alone can have made, of a client that was signed in to through
        this session. Spec: sections 2 and 6: the person must be asked otherwise.
        """
        if self.client is None or not self.hint_is_proof:
            return False
        is_same_person = self.hinted_subject == subject_for(self.client, context.user_id)
        is_same_session = self.hinted_sid in ("", context.sid)
        was_used = self.client.client_id in session.client_ids
        return is_same_person and is_same_session and was_used


def validate_logout_request(parameters: Parameters) -> LogoutRequest:
    """Check a request from its parameters. It never fails: see `LogoutRequest.problem`."""
    client = None
    try:
        _check_nothing_is_repeated(parameters)
        hint = _verified_hint(parameters.get("id_token_hint", ""))
        client = _find_client(parameters.get("client_id", ""), str(hint.claims.get("aud", "")))
        return LogoutRequest(
            client=client,
            hinted_subject=str(hint.claims.get("sub", "")),
            hinted_sid=str(hint.claims.get("sid", "")),
            hint_is_proof=hint.is_proof,
            post_logout_redirect_uri=_registered(
                client, parameters.get("post_logout_redirect_uri", "")
            ),
            state=parameters.get("state", ""),
            logout_hint=parameters.get("logout_hint", ""),
        )
    except PageError as problem:
        asked_by = client.client_id if client else parameters.get("client_id", "")
        return LogoutRequest(problem=problem, asked_by=asked_by[:255])


def _check_nothing_is_repeated(parameters: Parameters) -> None:
    repeated = parameters.repeated & PARAMETERS
    if repeated:
        raise PageError(
            "invalid_request",
            "a parameter of the sign-out request is repeated",
            detail=f"repeated: {', '.join(sorted(repeated))}",
        )


def _verified_hint(id_token_hint: str) -> OwnToken:
    """Return the hint, expired or not, or one that says nothing if there is none."""
    if not id_token_hint:
        return OwnToken({}, is_proof=False)
    try:
        return read_id_token_hint(id_token_hint)
    except InvalidToken as error:
        raise PageError(
            "invalid_request",
            "id_token_hint is not an ID token of this server",
            detail=f"id_token_hint: {error}",
        ) from error


def _find_client(client_id: str, audience: str) -> Client | None:
    """Return the client that asks. Spec: section 2, `client_id`: it must be the hint's `aud`."""
    if client_id and audience and client_id != audience:
        raise PageError(
            "invalid_request",
            "client_id and id_token_hint belong to two different applications",
            detail="client_id is not the aud of id_token_hint",
        )
    asking = client_id or audience
    if not asking:
        return None
    client = find_client(asking)
    if client is None:
        raise PageError(
            "invalid_client", "this application is not registered here", detail="unknown client"
        )
    return client


def _registered(client: Client | None, post_logout_redirect_uri: str) -> str:
    """Return the address if it is this client's own, compared character by character.

    Spec: section 3.
    """
    if not post_logout_redirect_uri:
        return ""
    if client is None:
        raise PageError(
            "invalid_request",
            "post_logout_redirect_uri was sent without id_token_hint or client_id, "
            "so the server does not know which application it belongs to",
            detail="post_logout_redirect_uri without id_token_hint or client_id",
        )
    if post_logout_redirect_uri not in client.post_logout_redirect_uris:
        raise PageError(
            "invalid_request",
            "post_logout_redirect_uri is not registered for this application",
            detail=f"post_logout_redirect_uri not registered: {post_logout_redirect_uri[:200]!r}",
        )
    return post_logout_redirect_uri
