"""A JWT signed with the client's private key. Spec: OpenID Connect Core 1.0 section 9."""

from __future__ import annotations

from oidc.clients.authentication import assertion
from oidc.clients.authentication.assertion import claimed_client_id
from oidc.clients.jwk import SIGNING_ALGS
from oidc.clients.keys import client_keys
from oidc.clients.record import Client
from oidc.http import Request
from oidc.keys.algorithms import SYMMETRIC_ALGORITHM

NAME = "private_key_jwt"
ALGORITHMS = SIGNING_ALGS

__all__ = ["ALGORITHMS", "NAME", "claimed_client_id", "is_presented", "verify"]


def is_presented(request: Request) -> bool:
    """Any assertion that is not made with a secret, a malformed one too."""
    return (
        assertion.is_presented(request)
        and assertion.presented_algorithm(request) != SYMMETRIC_ALGORITHM
    )


def verify(request: Request, client: Client) -> None:
    assertion.verify(request, client, ALGORITHMS, client_keys)
