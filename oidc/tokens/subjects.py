"""The `sub` by which a client knows a person. Spec: OpenID Connect Core 1.0 section 8."""

from __future__ import annotations

import hmac

from oidc.clients.record import Client
from oidc.clients.sector import hosts_of
from oidc.keys.installation_secret import installation_secret
from oidc.tokens import handles

_SALT = "pairwise subjects"


def subject_for(client: Client, user_id: str) -> str:
    """Return the `sub` that this client sees.

    Public: the user id, random itself. Pairwise: a keyed hash of sector and user id, which only
    this installation can compute and nobody can turn round (section 8.1).
    """
    if client.subject_type != "pairwise":
        return user_id
    # A host has no NUL in it, so no two pairs look the same.
    pair = f"{sector_identifier(client)}\0{user_id}".encode()
    return handles.encode(hmac.digest(installation_secret(_SALT), pair, "sha256"))


def sector_identifier(client: Client) -> str:
    """Return the host that all clients of a sector share (section 8.1).

    Registration accepts no pairwise client whose redirect URIs have several hosts, or none, without
    a `sector_identifier_uri`.
    """
    uris = [client.sector_identifier_uri] if client.sector_identifier_uri else client.redirect_uris
    [host] = hosts_of(uris)
    return host
