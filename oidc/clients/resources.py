"""APIs that want access tokens in another form: clients, found by the audience that is theirs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from oidc.clients.record import JWT, OPAQUE, Client
from oidc.clients.repository import cache, find_client
from oidc.conf import configuration
from oidc.errors import ProtocolError
from oidc.models.access import reading
from oidc.models.client import OAuthClient


class _Demanding(NamedTuple):
    """The APIs that want something: audience -> client id."""

    hidden: Mapping[str, str]
    """They want their tokens encrypted, or opaque."""
    signed: Mapping[str, str]
    """They want another algorithm, or another `typ`."""


_known: tuple[int, float, _Demanding] = (-1, 0.0, _Demanding({}, {}))
"""Changes of clients that were seen, when to look again, and what was found then."""


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
    found = _first(names, _demanding().hidden)
    if found is None:
        return None
    resource = find_client(found)
    if resource is None:
        raise ProtocolError("invalid_request", "the API that the token is for is disabled")
    return resource


def signature_wanted(audience: Iterable[str]) -> tuple[str, str]:
    """Return algorithm and `typ` that the APIs of an audience want; empty: no wish.

    The first API that wants either decides on both. A disabled one wants nothing. SQL as above.
    """
    names = list(audience)
    found = _first(names, _demanding().signed) if names else None
    resource = find_client(found) if found else None
    if resource is None:
        return "", ""
    return resource.access_token_signing_alg, resource.access_token_typ


def _first(names: list[str], client_ids: Mapping[str, str]) -> str | None:
    return next((client_ids[name] for name in names if name in client_ids), None)


def _demanding() -> _Demanding:
    global _known
    changes, look_again_at, demanding = _known
    if changes != cache.changes or time.monotonic() > look_again_at:
        seen = cache.changes
        demanding = _read_demanding()
        _known = (seen, time.monotonic() + configuration().client_cache_seconds, demanding)
    return demanding


def _read_demanding() -> _Demanding:
    rows = OAuthClient.objects.exclude(
        access_token_encryption_alg="",
        access_token_format=JWT,
        access_token_signing_alg="",
        access_token_typ="",
    )
    with reading():
        columns = list(
            rows.order_by("-id").values_list(
                "client_id",
                "introspection_audience",
                "access_token_encryption_alg",
                "access_token_format",
                "access_token_signing_alg",
                "access_token_typ",
            )
        )
    hidden: dict[str, str] = {}
    signed: dict[str, str] = {}
    for client_id, audience, encryption_alg, token_format, signing_alg, typ in columns:
        if encryption_alg or token_format == OPAQUE:
            hidden.update(dict.fromkeys(audience, client_id))
        if signing_alg or typ:
            signed.update(dict.fromkeys(audience, client_id))
    return _Demanding(hidden, signed)
