"""A client as the protocol sees it: frozen, free of the ORM, cheap to keep in memory."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from authlib.oauth2.rfc6749 import ClientMixin

from oidc.clients.profiles import SENT_SECRET_METHODS
from oidc.clients.redirect_uri import redirect_uri_matches
from oidc.clients.waiting import Tenant
from oidc.conf import configuration

JWT, OPAQUE = ACCESS_TOKEN_FORMATS = ("jwt", "opaque")
AT_JWT, PLAIN_JWT = ACCESS_TOKEN_TYPES = ("at+jwt", "JWT")
"""`typ` in the header of an access token. `JWT` is for APIs that refuse what RFC 9068 asks for."""


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """One secret of a client, by its SHA-256 (hex). `expires_at` (epoch seconds) 0: never."""

    sha256: str
    expires_at: int = 0


@dataclass(frozen=True, slots=True)
class Client(ClientMixin):
    """Registered metadata of a client. Names: RFC 7591 section 2, OpenID Registration section 2."""

    client_id: str
    client_name: str
    profile: str
    token_endpoint_auth_method: str
    secrets: tuple[ClientSecret, ...] = ()
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    grant_types: frozenset[str] = frozenset()
    response_types: frozenset[str] = frozenset()
    scope: tuple[str, ...] = ()
    """Scopes it may ask for."""
    jwks: dict[str, Any] | None = None
    jwks_uri: str = ""
    token_endpoint_auth_signing_alg: str = ""
    id_token_signed_response_alg: str = "RS256"
    client_uri: str = ""
    logo_uri: str = ""
    logo_sha256: str = ""
    """Of our copy of the logo; empty: there is none."""
    policy_uri: str = ""
    tos_uri: str = ""
    default_max_age: int | None = None
    require_pkce: bool = True
    rotate_refresh_tokens: bool = True
    require_registered_auth_method: bool = False
    """Whether a secret must come in the place that is registered."""
    private_use_schemes: tuple[str, ...] = ()
    """Schemes of its own that an admin allowed, whatever its kind."""
    trusted: bool = False
    """A company's own app: no consent page."""
    self_registered: bool = False
    """Anybody may have registered it: without a token or a software statement, and no admin has
    trusted it since."""
    access_token_audience: tuple[str, ...] = ()
    """`aud` of its access tokens; empty: the issuer."""
    introspection_audience: tuple[str, ...] = ()
    """As a resource server: tokens with one of these in `aud` are readable to it."""
    access_token_encryption_alg: str = ""
    """As a resource server: how access tokens for it are encrypted; empty: not at all."""
    access_token_encryption_enc: str = ""
    access_token_format: str = JWT
    """Of its own access tokens and, as a resource server, of those for it."""
    access_token_signing_alg: str = ""
    """Likewise, and what the resource server wants comes first; empty: the server's default."""
    access_token_typ: str = ""
    """Likewise."""
    id_token_claims: bool = False
    """Its ID tokens carry the claims of the granted scopes, which others get from userinfo."""
    access_token_lifetime_seconds: int = 0
    """0: the server's default."""
    backchannel_logout_uri: str = ""
    backchannel_logout_session_required: bool = False
    frontchannel_logout_uri: str = ""
    frontchannel_logout_session_required: bool = False
    initiate_login_uri: str = ""
    subject_type: str = "public"
    sector_identifier_uri: str = ""
    require_auth_time: bool = False
    default_acr_values: tuple[str, ...] = ()
    request_uris: tuple[str, ...] = ()
    request_object_signing_alg: str = ""
    request_object_encryption_alg: str = ""
    request_object_encryption_enc: str = ""
    id_token_encrypted_response_alg: str = ""
    id_token_encrypted_response_enc: str = ""
    userinfo_signed_response_alg: str = ""
    userinfo_encrypted_response_alg: str = ""
    userinfo_encrypted_response_enc: str = ""
    symmetric_secret_encrypted: str = ""
    """The client secret, readable to us, for HS256; empty for clients that do not ask for it."""

    @property
    def signs_requests(self) -> bool:
        """Whether it registered how it signs request objects (Registration 1.0 section 2)."""
        return self.request_object_signing_alg not in ("", "none")

    @property
    def as_tenant(self) -> Tenant:
        """In whose name its servers are asked."""
        return Tenant(self.client_id, is_stranger=self.self_registered)

    def get_client_id(self) -> str:
        return self.client_id

    @property
    def logo_address(self) -> str:
        """The address of our copy of the logo, an empty string if there is none."""
        return f"{configuration().base_path}/logos/{self.logo_sha256}" if self.logo_sha256 else ""

    @property
    def is_public(self) -> bool:
        """RFC 6749 section 2.1: a client that cannot keep a secret."""
        return self.token_endpoint_auth_method == "none"

    @property
    def may_use_any_loopback_port(self) -> bool:
        """Whether it runs on people's machines, where it takes the port that is free.

        Spec: RFC 8252 section 7.3.
        """
        return self.is_public or self.profile == "native"

    def check_client_secret(self, client_secret: str) -> bool:
        """Compare with every secret that is still valid, in constant time."""
        presented = sha256(client_secret.encode()).hexdigest()
        now = time.time()
        matches = [
            compare_digest(presented, secret.sha256)
            for secret in self.secrets
            if not secret.expires_at or secret.expires_at > now
        ]
        return any(matches)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """The registered method, at every endpoint: RFC 8414 lets none differ here.

        A secret may be sent in either place, unless an admin insists on the registered one.
        """
        registered = self.token_endpoint_auth_method
        if method == registered:
            return True
        either_place = {method, registered} <= set(SENT_SECRET_METHODS)
        return either_place and not self.require_registered_auth_method

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.grant_types

    def check_response_type(self, response_type: str) -> bool:
        return response_type in self.response_types

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri_matches(
            self.redirect_uris, redirect_uri, any_loopback_port=self.may_use_any_loopback_port
        )

    def get_default_redirect_uri(self) -> str | None:
        """Return the only one that is registered, where a request may leave it out.

        Spec: RFC 6749 section 3.1.2.3; OAuth 2.1 section 4.1.1.
        """
        return self.redirect_uris[0] if len(self.redirect_uris) == 1 else None

    def still_allowed(self, scope: Iterable[str]) -> tuple[str, ...]:
        """Return what it may have today of a scope that was granted to it before."""
        return tuple(value for value in scope if value in self.scope)

    def get_allowed_scope(self, scope: str) -> str:
        allowed = set(self.scope)
        return " ".join(value for value in scope.split() if value in allowed)
