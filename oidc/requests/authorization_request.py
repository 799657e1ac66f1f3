"""A validated authorization request. Spec: OpenID Connect Core 1.0 section 3.1.2.1."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from oidc.clients.record import Client
from oidc.errors import ProtocolError
from oidc.http import Parameters
from oidc.requests.claims import NOTHING, RequestedClaims

READ_PARAMETERS = frozenset(
    {
        "response_type",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "response_mode",
        "nonce",
        "prompt",
        "max_age",
        "ui_locales",
        "id_token_hint",
        "login_hint",
        "acr_values",
        "claims",
        "code_challenge",
        "code_challenge_method",
    }
)
"""What some check, or the answer, looks at. A request object is resolved into these."""
PARAMETERS = READ_PARAMETERS | {"request", "request_uri", "registration"}
"""All that count at the authorization endpoint."""


class AuthorizationRequest(NamedTuple):
    """What a client asks for. Only `requests.validation` makes one.

    `parameters`: with a request object resolved.
    """

    parameters: Parameters
    client: Client
    redirect_uri: str
    response_type: str
    response_mode: str
    scope: tuple[str, ...]
    dropped_scope: tuple[str, ...]
    """What was asked for and is not given: the client may not have it, or nobody knows it."""
    state: str
    nonce: str
    code_challenge: str
    prompt: frozenset[str]
    max_age: int | None
    login_hint: str
    hinted_sub: str
    """`sub` of a verified `id_token_hint` or of `claims`, or an empty string."""
    claims: RequestedClaims
    acr_values: tuple[str, ...]
    essential_acr_values: tuple[str, ...]
    """One of these must be met, or the request fails (Core section 5.5.1.1)."""
    ui_locales: tuple[str, ...]

    @property
    def is_openid(self) -> bool:
        return "openid" in self.scope

    @property
    def read_parameters(self) -> dict[str, str]:
        """The parameters that anybody reads: what an interaction keeps."""
        return {name: self.parameters[name] for name in READ_PARAMETERS & self.parameters.keys()}


@dataclass(slots=True)
class Draft:
    """A request on its way through the table of checks: each fills in what it established."""

    parameters: Parameters
    request_id: str
    request_object_error: ProtocolError | None = None
    ignored: frozenset[str] = frozenset()
    """Names outside the request object of a client that signs its requests: they do not count."""
    client: Client = field(init=False)
    redirect_uri: str = ""
    response_type: str = ""
    response_mode: str = "query"
    scope: tuple[str, ...] = ()
    dropped_scope: tuple[str, ...] = ()
    code_challenge: str = ""
    prompt: frozenset[str] = frozenset()
    max_age: int | None = None
    hinted_sub: str = ""
    claims: RequestedClaims = NOTHING
    acr_values: tuple[str, ...] = ()
    essential_acr_values: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """The state to send back: none if it was repeated, because then there is no one state."""
        return "" if "state" in self.parameters.repeated else self.parameters.get("state", "")

    def finished(self) -> AuthorizationRequest:
        get = self.parameters.get
        return AuthorizationRequest(
            parameters=self.parameters,
            client=self.client,
            redirect_uri=self.redirect_uri,
            response_type=self.response_type,
            response_mode=self.response_mode,
            scope=self.scope,
            dropped_scope=self.dropped_scope,
            state=self.state,
            nonce=get("nonce", ""),
            code_challenge=self.code_challenge,
            prompt=self.prompt,
            max_age=self.max_age,
            login_hint=get("login_hint", ""),
            hinted_sub=self.hinted_sub,
            claims=self.claims,
            acr_values=self.acr_values,
            essential_acr_values=self.essential_acr_values,
            ui_locales=tuple(get("ui_locales", "").split()),
        )
