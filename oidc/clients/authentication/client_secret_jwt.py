"""A JWT signed with the client's secret. Spec: OpenID Connect Core 1.0 section 9.

The secret itself never travels. It must be readable to the server, so this is for clients that ask
for it.
"""

from __future__ import annotations

from collections.abc import Iterable

from oidc.clients.authentication import assertion
from oidc.clients.authentication.claim import Claim
from oidc.clients.record import Client
from oidc.clients.symmetric import symmetric_secrets
from oidc.http import Request
from oidc.keys.algorithms import SYMMETRIC_ALGORITHM

NAME = "client_secret_jwt"
ALGORITHMS = (SYMMETRIC_ALGORITHM,)


def is_presented(request: Request) -> bool:
    return (
        assertion.is_presented(request)
        and assertion.presented_algorithm(request) == SYMMETRIC_ALGORITHM
    )


def claim(request: Request) -> Claim:
    return assertion.claim(request, ALGORITHMS, _secrets)


def _secrets(client: Client, _kid: str | None, _alg: str) -> Iterable[bytes]:
    """Return every valid secret: during a rotation the app may use the old one still."""
    return symmetric_secrets(client)
