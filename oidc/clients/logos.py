"""Logos of clients: fetched once by the worker, kept in SQL, served from here.

So the pages load nothing from outside: no app learns who looks at a page of ours, and none can show
another picture to some people only. A logo that cannot be had leaves the first letter of the name.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog
from django.db.models import Exists, OuterRef
from django.utils import timezone

from oidc.clients import repository
from oidc.clients.picture import picture_type
from oidc.clients.remote import FetchFailed, fetch_bytes
from oidc.models.access import reading
from oidc.models.client import OAuthClient
from oidc.models.client_logo import ClientLogo

MOST_BYTES = 128 * 1024
"""Of one logo. Larger: more in the database, and on the way to people, for 52 pixels."""
AT_ONCE = 20
"""Logos in one round. Those of clients that registered themselves come after all others."""
RENEW_AFTER, RETRY_AFTER = timedelta(days=7), timedelta(hours=1)

_log = structlog.get_logger("gatehouse.logos")


class Picture(NamedTuple):
    """A logo as it is served."""

    content_type: str
    content: bytes


def find_picture(sha256: str) -> Picture | None:
    """Return the logo with this hash. One SQL query.

    Raises:
        StoreUnavailable: the database did not answer.
    """
    with reading():
        row = ClientLogo.objects.filter(sha256=sha256).only("content_type", "content").first()
    return Picture(row.content_type, bytes(row.content)) if row and sha256 else None


def fetch_logos() -> int:
    """Fetch logos that were never fetched, have another address, or are due. Returns how many."""
    now = timezone.now()
    up_to_date = ClientLogo.objects.filter(
        client=OuterRef("pk"), uri=OuterRef("logo_uri"), ask_again_at__gt=now
    )
    clients = OAuthClient.objects.filter(is_active=True).exclude(logo_uri="")
    due = clients.exclude(Exists(up_to_date)).order_by("origin", "pk")[:AT_ONCE]
    for client in due:
        _fetch(client, now)
    return len(due)


def _fetch(client: OAuthClient, now: datetime) -> None:
    """Fetch one. Its row is there before, so that a worker that dies amid it does not begin anew
    with the same logo for ever. A copy that cannot be renewed stays."""
    row = ClientLogo.objects.filter(client=client).first() or ClientLogo(client=client)
    if row.uri != client.logo_uri:
        row.uri, row.sha256, row.content_type, row.content = client.logo_uri, "", "", b""
    row.problem, row.ask_again_at = "", now + RETRY_AFTER
    row.save()
    try:
        content = fetch_bytes(client.logo_uri, max_bytes=MOST_BYTES)
        row.content_type, row.content = _type_of(content), content
        row.sha256 = hashlib.sha256(content).hexdigest()
        row.ask_again_at = now + RENEW_AFTER
    except FetchFailed as error:
        row.problem = str(error)[:200]
        _log.info("logo_not_fetched", client_id=client.client_id, reason=row.problem)
    row.save()
    repository.cache.forget(client.client_id)


def _type_of(content: bytes) -> str:
    media_type = picture_type(content)
    if media_type is None:
        raise FetchFailed("not a PNG, JPEG, GIF, WebP or SVG picture")
    return media_type
