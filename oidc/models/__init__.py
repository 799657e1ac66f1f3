"""What lives for years, in SQL."""

from oidc.models.client import OAuthClient

__all__ = ["OAuthClient"]
