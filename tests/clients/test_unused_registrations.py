"""Open registrations that came to nothing are forgotten, and no others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from oidc.clients.repository import cache, find_client
from oidc.clients.service import create_client, update_client
from oidc.models import ClientRegistration, Consent, OAuthClient
from oidc.registration.housekeeping import forget_unused_registrations
from oidc.registration.initial_access_tokens import issue_initial_access_token
from oidc.registration.registrations import Registered, register_client
from oidc.requests.consent import remember_consent
from tests.support.relying_party import new_person

pytestmark = pytest.mark.django_db
AGE = timedelta(days=31)


def registered(*, old: bool = True, token: Any = None) -> Registered:
    """Register a client, a month ago."""
    made = register_client({"redirect_uris": ["https://app.example/cb"]}, token, "192.0.2.1")
    if old:
        ClientRegistration.objects.filter(pk=made.registration.pk).update(
            registered_at=timezone.now() - AGE
        )
    return made


def is_there(made: Registered) -> bool:
    return OAuthClient.objects.filter(pk=made.client.pk).exists()


def test_who_registered_without_being_vouched_for_is_known_by_its_record() -> None:
    """As those are whom the worker may forget. Each record is read in one query."""
    anybody, statement, trusted = registered(), registered(), registered()
    ClientRegistration.objects.filter(pk=statement.registration.pk).update(software_statement="x")
    update_client(trusted.client, {"trusted": True})
    token = issue_initial_access_token("partner", lifetime=AGE).row
    by_token, by_admin = registered(token=token).client, create_client("App", "machine").client
    for client, expected in (
        (anybody.client, True),
        (statement.client, False),
        (trusted.client, False),
        (by_token, False),
        (by_admin, False),
    ):
        cache.forget(client.client_id)
        with CaptureQueriesContext(connection) as queries:
            record = find_client(client.client_id)
        assert record is not None
        assert record.self_registered is expected
        assert record.as_tenant == (client.client_id, expected)
        assert len(queries) == 1


def test_an_old_registration_that_nobody_used_goes() -> None:
    old, new = registered(), registered(old=False)
    by_admin = create_client("App", "machine").client
    OAuthClient.objects.update(created_at=timezone.now() - AGE)
    assert forget_unused_registrations() == 1
    assert not is_there(old)
    assert is_there(new)
    assert OAuthClient.objects.filter(pk=by_admin.pk).exists()


def test_one_that_somebody_used_stays_even_when_they_take_it_back() -> None:
    made = registered()
    remember_consent(str(new_person().pk), made.client.client_id, ("openid",))
    assert forget_unused_registrations() == 0
    Consent.objects.all().delete()
    assert forget_unused_registrations() == 0
    assert is_there(made)


def test_one_with_an_initial_access_token_stays() -> None:
    token = issue_initial_access_token("partner", lifetime=timedelta(days=1)).row
    made = registered(token=token)
    assert forget_unused_registrations() == 0
    assert is_there(made)


def test_one_that_an_admin_trusts_stays() -> None:
    """Nobody is asked for consent there, so its absence says nothing."""
    made = registered()
    update_client(made.client, {"trusted": True})
    assert forget_unused_registrations() == 0
    assert is_there(made)


def test_the_worker_does_it() -> None:
    made = registered()
    call_command("worker", "--once")
    assert not is_there(made)
