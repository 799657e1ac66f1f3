"""The way into an app from one of our pages: where the app itself starts a sign-in, or its home.

Spec: OpenID Connect Core 1.0 section 4 (`initiate_login_uri`, with `iss`).
"""

from __future__ import annotations

from oidc.clients.record import Client
from oidc.conf import configuration
from oidc.errors import WayOn
from oidc.http import with_query


def way_into(client: Client) -> tuple[WayOn, ...]:
    """Return the link that leads into an app, nothing if the app registered no address for it.

    Both addresses were registered. Nothing of a request goes into the link.
    """
    address = client.client_uri
    if client.initiate_login_uri:
        address = with_query(client.initiate_login_uri, {"iss": configuration().issuer})
    return (WayOn(address, client.client_name),) if address else ()
