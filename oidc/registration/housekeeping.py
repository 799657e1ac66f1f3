"""Forgets open registrations that came to nothing. For the worker; no request waits for it."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, OuterRef
from django.utils import timezone

from oidc.clients import service
from oidc.conf import configuration
from oidc.models import ClientRegistration, Consent, OAuthClient

MOST_AT_ONCE = 1000


def forget_unused_registrations() -> int:
    """Delete open registrations that are old and were never used. Returns how many went.

    Used means: somebody gave the client their consent. Nobody signs in through a client that
    registered itself without that, so nothing has to be noted while people sign in. What was used
    once stays, even when the consent is withdrawn later: it is noted here, hour by hour.
    """
    consents = Consent.objects.filter(client_id=OuterRef("client__client_id"))
    unused = ClientRegistration.objects.filter(was_used=False)
    unused.filter(Exists(consents)).update(was_used=True)
    too_old = timezone.now() - timedelta(days=configuration().registration_unused_days)
    forgettable = unused.filter(
        registered_at__lt=too_old,
        initial_access_token=None,
        software_statement="",
        client__trusted=False,  # an admin who trusts it has taken it over
    )
    clients = OAuthClient.objects.filter(registration__in=forgettable)
    count = 0
    for client in clients[:MOST_AT_ONCE]:
        service.delete_client(client)
        count += 1
    return count
