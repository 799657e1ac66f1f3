"""APIs that want access tokens in another form: clients, found by the audience that is theirs."""

from __future__ import annotations

import time
from collections.abc import Iterable

from oidc.clients.record import JWT, Client
from oidc.clients.repository import cache, find_client
from oidc.conf import configuration
from oidc.errors import ProtocolError
from oidc.models.access import reading
from oidc.models.client import OAuthClient

_known: tuple[int, float, dict[str, str]] = (-1, 0.0, {})
"""Changes of clients that were seen, when to look again, and the map from audience to client id."""


def demanding_resource(audience: Iterable[str]) -> Client | None:
    """Return the first API of an audience that wants its tokens encrypted, or opaque.

    SQL every few seconds, as for clients; nothing for tokens without an API.

    Raises:
        ProtocolError: `invalid_request`: it is disabled, and its tokens must not go out readable.
        StoreUnavailable: the database did not answer.
    """
    names = list(audience)
    if not names:
        return None
    client_ids = _client_ids()
    found = next((client_ids[name] for name in names if name in client_ids), None)
    if found is None:
        return None
    resource = find_client(found)
    if resource is None:
        raise ProtocolError("invalid_request", "the API that the token is for is disabled")
    return resource


def _client_ids() -> dict[str, str]:
    global _known
    changes, look_again_at, client_ids = _known
    if changes != cache.changes or time.monotonic() > look_again_at:
        seen = cache.changes
        client_ids = _read_client_ids()
        _known = (seen, time.monotonic() + configuration().client_cache_seconds, client_ids)
    return client_ids


def _read_client_ids() -> dict[str, str]:
    with reading():
        rows = OAuthClient.objects.exclude(access_token_encryption_alg="", access_token_format=JWT)
        columns = list(rows.order_by("-id").values_list("client_id", "introspection_audience"))
    return {name: client_id for client_id, audience in columns for name in audience}
