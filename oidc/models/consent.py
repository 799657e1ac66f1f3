"""What a person allowed a client, for good."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Consent(models.Model):
    """One row per person and client. `scope` only grows; asking again covers what is new."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="consents")
    client_id = models.CharField(max_length=255)
    scope = models.JSONField(default=list)
    claims = models.JSONField(default=list, help_text="Asked for by name, beyond the scope")
    granted_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("client_id",)
        indexes = (models.Index(fields=("client_id",), name="consents_of_a_client"),)
        constraints = (
            models.UniqueConstraint(fields=("user", "client_id"), name="one_consent_per_client"),
        )

    def __str__(self) -> str:
        return f"{self.user_id} -> {self.client_id}"
