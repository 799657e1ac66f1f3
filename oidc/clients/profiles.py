"""Profiles: what a client of a kind starts with, and how far it may be changed.

A person who registers an app picks its kind and gives its addresses; everything else is preset as
today's best practice has it (OAuth 2.1, RFC 9700, RFC 8252) and can be edited later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

SENT_SECRET_METHODS = ("client_secret_basic", "client_secret_post")
"""They differ by the place of the secret only, which protects nothing."""
SECRET_METHODS = (*SENT_SECRET_METHODS, "client_secret_jwt")
CONFIDENTIAL_METHODS = (*SECRET_METHODS, "private_key_jwt")
AUTH_METHODS = (*CONFIDENTIAL_METHODS, "none")

PEOPLE_SCOPE = "openid profile email address phone offline_access"

RESPONSE_TYPES = (
    "code", "id_token", "id_token token", "code id_token", "code token", "code id_token token",
)  # fmt: skip
"""All that the server does, the words of each in alphabetical order."""


def grant_types_of(response_types: Iterable[str]) -> set[str]:
    """Return the grant types that response types belong to.

    Spec: OpenID Connect Registration 1.0 section 2 (`grant_types`).
    """
    words = {word for response_type in response_types for word in response_type.split()}
    types = {"authorization_code"} if "code" in words else set()
    return types | ({"implicit"} if words & {"id_token", "token"} else set())


@dataclass(frozen=True, slots=True)
class Profile:
    """Presets of one kind of client. Names: RFC 7591 section 2 where it has them."""

    name: str
    label: str
    description: str
    """For somebody who registers a client for the first time."""
    application_type: str
    token_endpoint_auth_method: str
    token_endpoint_auth_methods: tuple[str, ...]
    """Methods that a client of this kind may be changed to."""
    grant_types: tuple[str, ...]
    response_types: tuple[str, ...] = ("code",)
    scope: str = PEOPLE_SCOPE
    require_pkce: bool = True
    pkce_optional: bool = False
    """Whether `require_pkce` may be switched off."""
    access_token_lifetime_seconds: int = 0
    """0: the server's default."""

    @property
    def has_people(self) -> bool:
        """Whether people sign in through it, so that it needs redirect URIs."""
        return bool(self.response_types)

    def presets(self) -> dict[str, Any]:
        """Return the metadata that a new client of this kind starts with."""
        return {
            "token_endpoint_auth_method": self.token_endpoint_auth_method,
            "grant_types": list(self.grant_types),
            "response_types": list(self.response_types),
            "scope": self.scope,
            "require_pkce": self.require_pkce,
            "access_token_lifetime_seconds": self.access_token_lifetime_seconds,
        }


_ALL = (
    Profile(
        name="web",
        label="Web application",
        description="Runs on your server and can keep a secret: Django, Rails, Spring, PHP, "
        "Node behind a domain of its own.",
        application_type="web",
        token_endpoint_auth_method="client_secret_basic",
        token_endpoint_auth_methods=CONFIDENTIAL_METHODS,
        grant_types=("authorization_code", "refresh_token"),
    ),
    Profile(
        name="spa",
        label="Single-page application",
        description="Runs in the browser, without a server of its own: React, Vue, Angular. "
        "It cannot keep a secret and gets none; PKCE protects it.",
        application_type="web",
        token_endpoint_auth_method="none",
        token_endpoint_auth_methods=("none",),
        grant_types=("authorization_code", "refresh_token"),
    ),
    Profile(
        name="native",
        label="Mobile or desktop application",
        description="Is installed on a device, a command-line tool included. It gets no secret, "
        "unless each installation has one of its own. "
        "May come back to a loopback address on any port, or to a scheme like com.example.app:/cb.",
        application_type="native",
        token_endpoint_auth_method="none",
        token_endpoint_auth_methods=AUTH_METHODS,
        grant_types=("authorization_code", "refresh_token"),
    ),
    Profile(
        name="machine",
        label="Machine or service",
        description="Acts for itself, without people: a cron job, a back-end service, "
        "a pipeline that calls an API.",
        application_type="web",
        token_endpoint_auth_method="client_secret_basic",
        token_endpoint_auth_methods=CONFIDENTIAL_METHODS,
        grant_types=("client_credentials",),
        response_types=(),
        scope="",
    ),
    Profile(
        name="agent",
        label="AI agent",
        description="Acts for people who allowed it to, and sometimes for itself. Like a web "
        "application, with access tokens that live for five minutes only.",
        application_type="web",
        token_endpoint_auth_method="client_secret_basic",
        token_endpoint_auth_methods=CONFIDENTIAL_METHODS,
        grant_types=("authorization_code", "refresh_token", "client_credentials"),
        access_token_lifetime_seconds=300,
    ),
    Profile(
        name="oidc-compat",
        label="Older OpenID Connect application",
        description="Software that does not know PKCE yet, or takes tokens straight from the "
        "sign-in (implicit and hybrid flows). Choose it only if a web application does not work.",
        application_type="web",
        token_endpoint_auth_method="client_secret_basic",
        token_endpoint_auth_methods=AUTH_METHODS,
        grant_types=("authorization_code", "implicit", "refresh_token"),
        response_types=RESPONSE_TYPES,
        require_pkce=False,
        pkce_optional=True,
    ),
)

PROFILES: dict[str, Profile] = {profile.name: profile for profile in _ALL}
