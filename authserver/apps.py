"""The project as an app: commands, and checks of its settings."""

from __future__ import annotations

from django.apps import AppConfig


class AuthserverConfig(AppConfig):
    name = "authserver"
    verbose_name = "Gatehouse"

    def ready(self) -> None:
        """Register the system checks."""
        from django.core.checks import register

        from authserver.checks import check_redis_transport, check_refresh_tokens

        register(check_redis_transport)
        register(check_refresh_tokens)
