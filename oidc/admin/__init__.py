"""The admin's pages about the protocol."""

from oidc.admin import clients, initial_access_tokens, logout_notifications, records

__all__ = ["clients", "initial_access_tokens", "logout_notifications", "records"]
