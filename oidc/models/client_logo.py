"""Our copies of clients' logos."""

from __future__ import annotations

from django.db import models

from oidc.models.client import OAuthClient


class ClientLogo(models.Model):
    """One row for each client whose logo was asked for. Made by the worker.

    Without a picture: it could not be had, `problem` says why.
    """

    client = models.OneToOneField(OAuthClient, models.CASCADE, related_name="logo")
    uri = models.CharField(max_length=2000)
    """The `logo_uri` that the picture is from. Another one of the client makes it worthless."""
    sha256 = models.CharField(max_length=64, blank=True, default="", db_index=True)
    """Of the picture, in hex: its name in our addresses. Empty: there is none."""
    content_type = models.CharField(max_length=20, blank=True, default="")
    content = models.BinaryField(default=bytes)
    problem = models.CharField(max_length=200, blank=True, default="")
    ask_again_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"logo of {self.client_id}"
