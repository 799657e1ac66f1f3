"""The admin's pages about the protocol."""

from oidc.admin import clients, records

__all__ = ["clients", "records"]
