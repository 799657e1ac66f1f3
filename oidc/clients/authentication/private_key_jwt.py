"""A JWT signed with the client's private key. Spec: OpenID Connect Core 1.0 section 9."""

from __future__ import annotations

from oidc.clients.authentication import assertion
from oidc.clients.authentication.claim import Claim
from oidc.clients.jwk import SIGNING_ALGS
from oidc.clients.keys import client_keys
from oidc.http import Request
from oidc.keys.algorithms import SYMMETRIC_ALGORITHM

NAME = "private_key_jwt"
ALGORITHMS = SIGNING_ALGS


def is_presented(request: Request) -> bool:
    """Any assertion that is not made with a secret, a malformed one too."""
    return (
        assertion.is_presented(request)
        and assertion.presented_algorithm(request) != SYMMETRIC_ALGORITHM
    )


def claim(request: Request) -> Claim:
    return assertion.claim(request, ALGORITHMS, client_keys)
