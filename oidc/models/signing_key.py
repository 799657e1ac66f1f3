"""Signing keys: their public part, and the private one encrypted."""

from __future__ import annotations

from django.db import models


class SigningKey(models.Model):
    """A key of the JWKS. Its life: announced -> signing -> retired -> deleted."""

    class Status(models.TextChoices):
        ANNOUNCED = "announced", "announced: published, not signing yet"
        SIGNING = "signing", "signing"
        RETIRED = "retired", "retired: verifies, signs no more"

    kid = models.CharField("key id", max_length=64, unique=True)
    algorithm = models.CharField(max_length=16)
    public_jwk = models.JSONField("public JWK")
    private_key_encrypted = models.TextField(
        "private key", help_text="PKCS#8, encrypted under SECRET_KEY"
    )
    status = models.CharField(max_length=16, choices=Status, default=Status.ANNOUNCED)
    created_at = models.DateTimeField(auto_now_add=True)
    signing_since = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("algorithm", "created_at")
        constraints = (
            models.UniqueConstraint(
                fields=("algorithm",),
                condition=models.Q(status="signing"),
                name="one_signing_key_per_algorithm",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kid} ({self.algorithm}, {self.status})"
