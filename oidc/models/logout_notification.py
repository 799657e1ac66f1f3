"""The outbox of back-channel logout, and what must still be entered in it."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class LogoutNotification(models.Model):
    """A logout token that a client must get. Written before the session ends, kept for 30 days.

    Its token is made anew for each attempt, because it lives for two minutes only.
    Spec: OpenID Connect Back-Channel Logout 1.0 section 2.5.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "waiting"
        DELIVERED = "delivered", "delivered"
        GIVEN_UP = "given_up", "given up"
        CANCELLED = "cancelled", "cancelled"

    client_id = models.CharField("client ID", max_length=255)
    user_id = models.CharField("person (sub)", max_length=64)
    sid = models.CharField("session", max_length=64)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField("last outcome", max_length=200, blank=True, default="")
    created_at = models.DateTimeField("session ended", default=timezone.now, db_index=True)
    last_attempt_at = models.DateTimeField("last attempt", null=True, blank=True)
    next_attempt_at = models.DateTimeField("next attempt", default=timezone.now)
    """While an attempt is under way: when another worker may take it over."""

    class Meta:
        verbose_name = "logout notification"
        verbose_name_plural = "logout notifications"
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("sid", "client_id"), name="one_notification_per_session_and_client"
            ),
        )
        indexes = (
            models.Index(
                fields=("next_attempt_at",),
                condition=models.Q(status="pending"),
                name="pending_logout_notifications",
            ),
        )

    def __str__(self) -> str:
        return f"{self.client_id}, {self.status}"


class UnfinishedSignOut(models.Model):
    """A sign-out everywhere whose clients are not all in the outbox yet.

    Written before the sessions end, and deleted when the outbox has the last client. One that stays
    was interrupted: the worker goes on with it.
    """

    user_id = models.CharField("person (sub)", max_length=64)
    next_attempt_at = models.DateTimeField(db_index=True)
    """Until then somebody is at work on it."""

    class Meta:
        ordering = ("next_attempt_at",)

    def __str__(self) -> str:
        return self.user_id
