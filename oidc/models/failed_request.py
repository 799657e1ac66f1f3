"""Requests that failed, so that a reference id leads an admin to the reason."""

from __future__ import annotations

from django.db import models


class FailedRequest(models.Model):
    """One refused request. Holds ids and reasons, never a credential.

    Kept for 30 days, if there are not too many (`oidc.failures`).
    """

    reference = models.CharField(max_length=32, db_index=True)
    at = models.DateTimeField(db_index=True)
    endpoint = models.CharField(max_length=40)
    status = models.PositiveSmallIntegerField()
    error = models.CharField(max_length=60)
    detail = models.CharField("reason", max_length=500)
    client_id = models.CharField(max_length=255, blank=True)
    user_id = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.reference}: {self.error}"
