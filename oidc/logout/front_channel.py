"""Front-channel logout: addresses of clients that the person's own browser opens.

Spec: OpenID Connect Front-Channel Logout 1.0 section 2.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from oidc.clients.repository import find_client
from oidc.clients.validation.addresses import origin_of
from oidc.conf import configuration
from oidc.http import with_query


@dataclass(frozen=True, slots=True)
class FrontChannel:
    """One client to be told. `origin` is what the page's policy must let into a frame."""

    client_name: str
    uri: str
    origin: str


def front_channels(client_ids: Iterable[str], sid: str) -> list[FrontChannel]:
    """Return what a browser opens at the end of a session, in the order of the clients.

    Each gets `iss` and `sid`, whether it requires them or not: who does not know them ignores them.
    """
    members = {"iss": configuration().issuer, "sid": sid}
    channels = []
    for client in map(find_client, client_ids):
        if client is not None and client.frontchannel_logout_uri:
            uri = client.frontchannel_logout_uri
            channels.append(
                FrontChannel(client.client_name, with_query(uri, members), origin_of(uri))
            )
    return channels
