"""The composition root: which grants, client authentication and token endpoints there are.

Authlib's framework-neutral server does the dispatch; what it registers is ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Payload, OAuth2Request

from oidc.clients.authentication import METHOD_NAMES, ClientAuthentication
from oidc.clients.record import Client
from oidc.clients.repository import find_client
from oidc.errors import ProtocolError
from oidc.grants.authorization_code import AuthorizationCodeGrant
from oidc.grants.client_credentials import ClientCredentialsGrant
from oidc.grants.refresh_token import RefreshTokenGrant
from oidc.http import Parameters, Request, Response, json_response

GRANTS = (AuthorizationCodeGrant, RefreshTokenGrant, ClientCredentialsGrant)
_BY_GRANT_TYPE = {grant.GRANT_TYPE: grant for grant in GRANTS}
GRANT_TYPES = tuple(_BY_GRANT_TYPE)


class Payload(OAuth2Payload):
    """Authlib's view of parameters that were parsed already."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters

    @property
    def data(self) -> Parameters:
        return self._parameters

    @property
    def datalist(self) -> dict[str, list[str]]:
        return {name: [value] for name, value in self._parameters.items()}


class ServerRequest(OAuth2Request):
    """A request for Authlib. `http` is ours, untouched.

    It does not ask for https itself: behind a proxy that ends TLS it would always complain, and
    the issuer's scheme is checked at start-up.
    """

    client: Client | None = None
    auth_method = user = authorization_code = refresh_token = credential = _scope = None

    def __init__(self, request: Request) -> None:
        self.http = request
        self.method = request.method
        self.uri = request.path
        self.headers = request.headers

    @cached_property
    def payload(self) -> Payload:
        """What Authlib's own grants read. Ours do not."""
        return Payload(self.http.form if self.http.method == "POST" else self.http.query)

    @property
    def form(self) -> Parameters:
        return self.http.form

    @property
    def args(self) -> Parameters:
        return self.http.query


class Server(AuthorizationServer):
    """Gatehouse's authorization server.

    Errors are not turned into responses here: they propagate to the wrapper around the endpoints,
    which needs them for the log.
    """

    def __init__(self) -> None:
        super().__init__()
        self._client_auth = ClientAuthentication()
        for grant in GRANTS:
            self.register_grant(grant)

    def query_client(self, client_id: str) -> Any:
        return find_client(client_id)

    def create_oauth2_request(self, request: Request) -> ServerRequest:
        return ServerRequest(request)

    def create_token_response(self, request: Request) -> Response:
        """Answer a token request: the client first, then the grant.

        Raises:
            ProtocolError: as RFC 6749 section 5.2 says.
            StoreUnavailable: the cluster did not answer.
        """
        server_request = self.create_oauth2_request(request)
        server_request.client = self.authenticate_client(server_request, METHOD_NAMES)
        grant = self.get_token_grant(server_request)
        grant.validate_token_request()
        return self.handle_response(*grant.create_token_response())

    def get_token_grant(self, request: ServerRequest) -> Any:
        grant_type = request.form.get("grant_type")
        if not grant_type:
            raise ProtocolError("invalid_request", "grant_type is missing")
        grant = _BY_GRANT_TYPE.get(grant_type)
        if grant is None:
            raise ProtocolError("unsupported_grant_type", "this grant_type is not supported")
        if request.client is None or not request.client.check_grant_type(grant_type):
            raise ProtocolError("unauthorized_client", "the client may not use this grant_type")
        return grant(request, self)

    def handle_response(
        self, status: int, body: dict[str, Any], headers: Iterable[tuple[str, str]]
    ) -> Response:
        return json_response(body, status, tuple(headers))

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens: what happened is told by the wrapper's events."""


@lru_cache(maxsize=1)
def server() -> Server:
    """Return the server of this process."""
    return Server()
