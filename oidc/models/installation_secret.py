"""Random values that an installation makes once and keeps for ever, encrypted."""

from __future__ import annotations

from django.db import models


class InstallationSecret(models.Model):
    """A secret by its name. What depends on it would change with it, so it never does."""

    name = models.CharField(max_length=64, unique=True)
    secret_encrypted = models.TextField(help_text="encrypted under SECRET_KEY")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
