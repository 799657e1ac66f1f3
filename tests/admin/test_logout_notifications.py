"""The outbox of back-channel logout in the admin."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.people import create_person
from oidc.clients.service import create_client
from oidc.models import LogoutNotification

LIST = "/admin/oidc/logoutnotification/"


@pytest.fixture
def notification(db: None) -> LogoutNotification:
    metadata = {"redirect_uris": ["https://shop.example/cb"]}
    client = create_client("The shop", "web", metadata=metadata).client
    return LogoutNotification.objects.create(
        client_id=client.client_id,
        user_id="alice",
        sid="sid-1",
        status="given_up",
        outcome="status 503",
        attempts=36,
        next_attempt_at=timezone.now() + timedelta(hours=1),
    )


def try_again(browser: Client, notification: LogoutNotification) -> None:
    browser.post(LIST, {"action": "try_again", "_selected_action": [str(notification.pk)]})
    notification.refresh_from_db()


def test_the_outcome_for_each_client_is_shown(
    staff: Client, notification: LogoutNotification
) -> None:
    page = staff.get(f"{LIST}?q={notification.client_id}").content.decode()
    for shown in ("The shop", "given up", "status 503", "36", "alice"):
        assert shown in page
    assert staff.get(f"{LIST}{notification.pk}/change/").status_code == 200


def test_one_can_be_tried_again_at_once(staff: Client, notification: LogoutNotification) -> None:
    try_again(staff, notification)
    assert notification.status == "pending"
    assert notification.next_attempt_at <= timezone.now()


def test_what_was_delivered_is_not_sent_again(
    staff: Client, notification: LogoutNotification
) -> None:
    LogoutNotification.objects.update(status="delivered")
    try_again(staff, notification)
    assert notification.status == "delivered"


def test_nothing_is_made_changed_or_deleted_by_hand(
    staff: Client, notification: LogoutNotification
) -> None:
    assert staff.get(f"{LIST}add/").status_code == 403
    assert staff.get(f"{LIST}{notification.pk}/delete/").status_code == 403
    staff.post(f"{LIST}{notification.pk}/change/", {"status": "delivered"})
    notification.refresh_from_db()
    assert notification.status == "given_up"


def test_who_may_only_look_tries_nothing(db: None, notification: LogoutNotification) -> None:
    user, _ = create_person("looker")
    user.is_staff = True
    user.save()
    user.user_permissions.add(Permission.objects.get(codename="view_logoutnotification"))
    browser = Client()
    browser.force_login(user)
    assert browser.get(LIST).status_code == 200
    try_again(browser, notification)
    assert notification.status == "given_up"
