"""Who was told of a sign-out, who was not, and why not."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest

from oidc.admin.records import ReadOnlyAdmin
from oidc.logout import outbox
from oidc.models import LogoutNotification, OAuthClient


@admin.register(LogoutNotification)
class LogoutNotificationAdmin(ReadOnlyAdmin):
    """The outbox of back-channel logout. Kept for 30 days."""

    list_display = (
        "created_at",
        "client_name",
        "status",
        "outcome",
        "attempts",
        "last_attempt_at",
        "user_id",
    )
    list_filter = ("status", "created_at")
    search_fields = ("client_id", "user_id", "sid")
    search_help_text = "A client ID, a person's ID (sub), or a session (sid)"
    actions = ("try_again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[LogoutNotification]:
        rows: QuerySet[LogoutNotification] = super().get_queryset(request)
        name = OAuthClient.objects.filter(client_id=OuterRef("client_id")).values("client_name")
        return rows.annotate(client_name=Subquery(name))

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_try_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("oidc.change_logoutnotification")

    @admin.display(description="client", ordering="client_name")
    def client_name(self, notification: LogoutNotification) -> str:
        name: str | None = notification.client_name  # type: ignore[attr-defined]
        return name or notification.client_id

    @admin.action(description="Try again now", permissions=["try_again"])
    def try_again(self, request: HttpRequest, notifications: QuerySet[LogoutNotification]) -> None:
        """For an app that has been mended: do not wait for the next attempt."""
        count = outbox.try_again(notification.pk for notification in notifications)
        self.message_user(request, f"To be tried again now: {count}.", messages.SUCCESS)
