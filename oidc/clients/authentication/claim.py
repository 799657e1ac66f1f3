"""What a request says about its client, before any of it is believed."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from oidc.clients.authentication.errors import invalid_client
from oidc.clients.record import Client


class Claim(NamedTuple):
    """Whom a request claims to come from.

    `verify` returns if the credential proves it for that client, else raises `ProtocolError`.
    `proves_nothing`: there is no credential, so the method is in truth `none`.
    """

    client_id: str
    verify: Callable[[Client], None]
    proves_nothing: bool = False


def claim_by_name(client_id: str) -> Claim:
    """Claim to be a client that has no credential (RFC 6749 section 3.2.1)."""
    return Claim(client_id, _verify_nothing, proves_nothing=True)


def _verify_nothing(_client: Client) -> None:
    """Nothing to verify: that `none` is registered is checked before."""


def claim_with_secret(client_id: str, client_secret: str) -> Claim:
    """Claim to be a client by knowing its secret (RFC 6749 section 2.3.1)."""

    def verify(client: Client) -> None:
        if not client.check_client_secret(client_secret):
            raise invalid_client("wrong or expired client secret")

    return Claim(client_id, verify)
