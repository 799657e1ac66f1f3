"""Where allauth asks how this house does things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from accounts.mail import send_later
from accounts.split_url import split_url

if TYPE_CHECKING:
    from allauth.account.models import EmailConfirmation
    from django.http import HttpRequest

_WRONG_CREDENTIALS = _("That name and password do not go together. Please try again.")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-up as configured, redirects to ourselves only, links in mails from the issuer."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        # The same words whether the account exists or not, and whatever it was called by.
        "username_password_mismatch": _WRONG_CREDENTIALS,
        "email_password_mismatch": _WRONG_CREDENTIALS,
        "incorrect_password": _("That is not your password. Please try again."),
        "too_many_login_attempts": _(
            "Too many attempts. Please wait a few minutes, then try again."
        ),
        "username_taken": _("Somebody has this username already."),
        "email_taken": _("Somebody has this e-mail address already."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Only where the operator has opened it."""
        return bool(settings.SIGN_UP_OPEN)

    def is_safe_url(self, url: str) -> bool:
        """Accept a path of ours, or a whole URL of the issuer's own origin."""
        issuer = split_url(settings.ISSUER)
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={issuer.netloc}, require_https=issuer.scheme == "https"
        )

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Home, by way of the log-in page: a new password signs this browser out too."""
        return resolve_url(settings.LOGIN_REDIRECT_URL)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link in the mail. Not from the `Host` header, which a stranger chooses."""
        return _on_the_issuer(super().get_reset_password_from_key_url(key))

    def get_email_confirmation_url(
        self, request: HttpRequest, emailconfirmation: EmailConfirmation
    ) -> str:
        """The link in the mail. Not from the `Host` header, which a stranger chooses."""
        return _on_the_issuer(super().get_email_confirmation_url(request, emailconfirmation))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Mails name the issuer's host, and nobody waits for them."""
        whole = {**context, "email": email, "issuer_host": split_url(settings.ISSUER).netloc}
        send_later(self.render_mail(template_prefix, email, whole))


def _on_the_issuer(url: str) -> str:
    return split_url(url).on(split_url(settings.ISSUER))
