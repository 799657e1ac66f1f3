"""Wires the protocol to the accounts: who signs in gets a session of sign-on."""

from __future__ import annotations

from django.apps import AppConfig


class OidcConfig(AppConfig):
    name = "oidc"
    verbose_name = "OpenID Connect"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in, user_logged_out
        from django.core.checks import register
        from django.db.models.signals import post_migrate

        from accounts.signals import signed_out_everywhere
        from oidc import sign_on
        from oidc.keys.lifecycle import generate_after_migrate
        from oidc.registration.checks import check_registration

        register(check_registration)
        user_logged_in.connect(sign_on.open_session)
        user_logged_out.connect(sign_on.end_session)
        signed_out_everywhere.connect(sign_on.end_everything)
        post_migrate.connect(generate_after_migrate, sender=self)
