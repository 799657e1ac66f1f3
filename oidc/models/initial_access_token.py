"""What lets a developer register clients by themselves, a limited number of times."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class InitialAccessToken(models.Model):
    """An initial access token, known by its SHA-256 only. Rows stay: clients point to them.

    Spec: RFC 7591 sections 1.2 and 3; OpenID Connect Registration 1.0 section 3.
    """

    name = models.CharField("name", max_length=200)
    token_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    scope = models.TextField("further scope", blank=True, default="")
    """What its clients may ask for besides the scopes about people."""
    most_uses = models.PositiveIntegerField("most uses", default=1)
    uses = models.PositiveIntegerField("uses", default=0, editable=False)
    expires_at = models.DateTimeField("expires")
    revoked = models.BooleanField("revoked", default=False)
    created_at = models.DateTimeField("created", default=timezone.now, editable=False)

    class Meta:
        verbose_name = "initial access token"
        verbose_name_plural = "initial access tokens"
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        """Return `revoked`, `expired`, `used up` or `valid`."""
        if self.revoked:
            return "revoked"
        if self.expires_at <= timezone.now():
            return "expired"
        return "used up" if self.uses >= self.most_uses else "valid"
