"""How a client registered itself, and by what it may change its registration."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from oidc.models.client import OAuthClient
from oidc.models.initial_access_token import InitialAccessToken


class ClientRegistration(models.Model):
    """One row for each client that came through the registration endpoint.

    Spec: RFC 7591 section 3.2.1, RFC 7592 section 2.
    """

    client = models.OneToOneField(OAuthClient, models.CASCADE, related_name="registration")
    registration_access_token_sha256 = models.CharField(max_length=64)
    initial_access_token = models.ForeignKey(
        InitialAccessToken, models.PROTECT, null=True, related_name="registrations"
    )
    software_statement = models.TextField(blank=True, default="")
    """As it was presented: it is given back, and holds for every later change."""
    permitted_scope = models.TextField(blank=True, default="")
    """What the initial access token allowed besides the scopes about people."""
    remote_address = models.CharField(max_length=64)
    registered_at = models.DateTimeField(default=timezone.now, db_index=True)
    was_used = models.BooleanField(default=False)
    """Whether anybody ever gave this client their consent; noted by the worker."""

    def __str__(self) -> str:
        return f"registration of {self.client_id}"
