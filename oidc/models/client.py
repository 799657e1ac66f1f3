"""A registered client, as SQL keeps it. The protocol reads `clients.record.Client` instead."""

from __future__ import annotations

import base64
import secrets

from django.db import models
from django.db.models import Value


def new_client_id() -> str:
    """Return 128 random bits as 26 lower-case characters, easy to select, to type and to quote."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


class OAuthClient(models.Model):
    """Metadata of a client. Changed through `clients.service` only, which validates it.

    Spec: RFC 7591 section 2, OpenID Connect Registration 1.0 section 2; every column that has a
    name there carries it. The rest are switches of our own, explained where they are edited.
    """

    client_id = models.CharField(
        "client ID", max_length=255, unique=True, default=new_client_id, editable=False
    )
    client_name = models.CharField("name", max_length=200)
    profile = models.CharField("profile", max_length=20)
    is_active = models.BooleanField("active", default=True, editable=False)
    origin = models.CharField("origin", max_length=20, blank=True, default="", editable=False)
    """Who made it: `admin`, `command line`, `registration`, or "" if nobody said."""

    redirect_uris = models.JSONField("redirect URIs", default=list, blank=True)
    post_logout_redirect_uris = models.JSONField(
        "post-logout redirect URIs", default=list, blank=True
    )
    backchannel_logout_uri = models.CharField(
        "back-channel logout URI", max_length=2000, blank=True, default=""
    )
    frontchannel_logout_uri = models.CharField(
        "front-channel logout URI", max_length=2000, blank=True, default=""
    )

    token_endpoint_auth_method = models.CharField("client authentication", max_length=50)
    token_endpoint_auth_signing_alg = models.CharField(
        "assertion algorithm", max_length=20, blank=True, default=""
    )
    client_secrets = models.JSONField("client secrets", default=list, editable=False)
    """List of `sha256` (hex), `created_at` and `expires_at` (epoch seconds, 0: never), oldest
    first. A list and not a table: a client is one row, so one read makes a whole record."""
    jwks = models.JSONField("public keys (JWKS)", null=True, blank=True, default=None)
    jwks_uri = models.CharField("public keys (address)", max_length=2000, blank=True, default="")

    grant_types = models.JSONField("grant types", default=list, blank=True)
    response_types = models.JSONField("response types", default=list, blank=True)
    scope = models.TextField("scope", blank=True, default="")
    require_pkce = models.BooleanField("require PKCE", default=True)
    rotate_refresh_tokens = models.BooleanField("rotate refresh tokens", default=True)
    require_registered_auth_method = models.BooleanField(
        "registered authentication only", default=False, db_default=False
    )
    private_use_schemes = models.JSONField(
        "allowed schemes", default=list, blank=True, db_default=Value([], models.JSONField())
    )
    trusted = models.BooleanField("trusted", default=False)
    default_max_age = models.PositiveIntegerField("default max age", null=True, blank=True)
    id_token_signed_response_alg = models.CharField(
        "ID token algorithm", max_length=20, default="RS256"
    )
    access_token_lifetime_seconds = models.PositiveIntegerField("access token lifetime", default=0)
    access_token_audience = models.JSONField("access token audience", default=list, blank=True)
    introspection_audience = models.JSONField("introspection audience", default=list, blank=True)
    access_token_encryption_alg = models.CharField(
        "access token encryption", max_length=30, blank=True, default=""
    )
    access_token_encryption_enc = models.CharField(
        "access token content encryption", max_length=30, blank=True, default=""
    )
    access_token_format = models.CharField("access token format", max_length=20, default="jwt")
    access_token_signing_alg = models.CharField(
        "access token algorithm", max_length=20, blank=True, default="", db_default=""
    )
    access_token_typ = models.CharField(
        "access token type", max_length=20, blank=True, default="", db_default=""
    )
    id_token_claims = models.BooleanField("claims in the ID token", default=False, db_default=False)

    backchannel_logout_session_required = models.BooleanField(
        "back-channel logout needs sid", default=False
    )
    frontchannel_logout_session_required = models.BooleanField(
        "front-channel logout needs iss and sid", default=False
    )
    initiate_login_uri = models.CharField(
        "address that starts a sign-in", max_length=2000, blank=True, default=""
    )
    subject_type = models.CharField("subject type", max_length=20, default="public")
    sector_identifier_uri = models.CharField(
        "sector identifier URI", max_length=2000, blank=True, default=""
    )
    require_auth_time = models.BooleanField("require auth_time", default=False)
    default_acr_values = models.JSONField("default acr values", default=list, blank=True)
    request_uris = models.JSONField("request URIs", default=list, blank=True)
    request_object_signing_alg = models.CharField(
        "request object algorithm", max_length=20, blank=True, default=""
    )
    request_object_encryption_alg = models.CharField(
        "request object key encryption", max_length=30, blank=True, default=""
    )
    request_object_encryption_enc = models.CharField(
        "request object content encryption", max_length=30, blank=True, default=""
    )
    id_token_encrypted_response_alg = models.CharField(
        "ID token key encryption", max_length=30, blank=True, default=""
    )
    id_token_encrypted_response_enc = models.CharField(
        "ID token content encryption", max_length=30, blank=True, default=""
    )
    userinfo_signed_response_alg = models.CharField(
        "userinfo algorithm", max_length=20, blank=True, default=""
    )
    userinfo_encrypted_response_alg = models.CharField(
        "userinfo key encryption", max_length=30, blank=True, default=""
    )
    userinfo_encrypted_response_enc = models.CharField(
        "userinfo content encryption", max_length=30, blank=True, default=""
    )
    symmetric_secret_encrypted = models.TextField(
        "secret for HS256, encrypted under SECRET_KEY", blank=True, default="", editable=False
    )

    client_uri = models.CharField("home page", max_length=2000, blank=True, default="")
    logo_uri = models.CharField("logo", max_length=2000, blank=True, default="")
    policy_uri = models.CharField("privacy policy", max_length=2000, blank=True, default="")
    tos_uri = models.CharField("terms of service", max_length=2000, blank=True, default="")
    additional_metadata = models.JSONField(default=dict, blank=True, editable=False)
    """Members of RFC 7591 that nothing here acts upon: contacts, software_id, client_name#de."""

    created_at = models.DateTimeField("created", auto_now_add=True)
    updated_at = models.DateTimeField("changed", auto_now=True)

    class Meta:
        verbose_name = "client"
        verbose_name_plural = "clients"
        ordering = ["client_name", "id"]

    def __str__(self) -> str:
        return self.client_name
