"""A JWT signed with the client's secret. Spec: OpenID Connect Core 1.0 section 9.

The secret itself never travels. It must be readable to the server, so this is for clients that ask
for it.
"""

from __future__ import annotations

from oidc.clients.authentication import assertion
from oidc.clients.authentication.assertion import claimed_client_id
from oidc.clients.record import Client
from oidc.clients.symmetric import symmetric_secrets
from oidc.http import Request
from oidc.keys.algorithms import SYMMETRIC_ALGORITHM

NAME = "client_secret_jwt"
ALGORITHMS = (SYMMETRIC_ALGORITHM,)

__all__ = ["ALGORITHMS", "NAME", "claimed_client_id", "is_presented", "verify"]


def is_presented(request: Request) -> bool:
    return (
        assertion.is_presented(request)
        and assertion.presented_algorithm(request) == SYMMETRIC_ALGORITHM
    )


def verify(request: Request, client: Client) -> None:
    # Every valid secret: during a rotation the app may use the old one still.
    assertion.verify(request, client, ALGORITHMS, lambda *_: symmetric_secrets(client))
