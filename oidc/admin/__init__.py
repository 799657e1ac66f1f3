"""The admin's pages about the protocol."""

from oidc.admin import (
    clients,
    failed_requests,
    initial_access_tokens,
    logout_notifications,
    records,
)

__all__ = [
    "clients",
    "failed_requests",
    "initial_access_tokens",
    "logout_notifications",
    "records",
]
