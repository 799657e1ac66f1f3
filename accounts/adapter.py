"""Where allauth asks how this house does things."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib.auth import logout
from django.core.mail import EmailMessage
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from accounts.authentication import RECORDS_MEMBER, RECORDS_USER_MEMBER
from accounts.emails import await_confirmation
from accounts.following import waiting_address, with_next
from accounts.known_browsers import remember_browser
from accounts.limits import CONFIRMATION_MAILS
from accounts.log_in import TooManyAttempts, find_person, is_persons_password
from accounts.mail import send_later
from accounts.models import User
from accounts.names import looks_like_another
from accounts.split_url import split_url
from accounts.validators import LOOKS_LIKE_ANOTHER, validate_username

if TYPE_CHECKING:
    from allauth.account.models import EmailConfirmation
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase


_RECORD_MEMBERS = (RECORDS_MEMBER, RECORDS_USER_MEMBER)
_WRONG_CREDENTIALS = _("The username or password is incorrect. Please try again.")
_WRONG_PASSWORD = _("That is not your password. Please try again.")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-up as configured, redirects to ourselves only, links in mails from the issuer."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        # The same words whether the account exists or not, and whatever it was called by.
        "username_password_mismatch": _WRONG_CREDENTIALS,
        "email_password_mismatch": _WRONG_CREDENTIALS,
        "incorrect_password": _WRONG_PASSWORD,
        "enter_current_password": _WRONG_PASSWORD,
        "too_many_login_attempts": _(
            "Too many attempts. Please wait a few minutes, then try again."
        ),
        "username_looks_like_another": LOOKS_LIKE_ANOTHER,
        "username_taken": _("Somebody has this username already."),
        "email_taken": _("Somebody has this e-mail address already."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Only where the operator has opened it."""
        return bool(settings.SIGN_UP_OPEN)

    def login(self, request: HttpRequest, user: Any) -> None:
        """Sign in, in the place of whoever was signed in with this browser until now.

        The session of sign-on of another person ends as with any sign-out, and nothing of their
        browser session is left. The same person gets a new key, and stays signed in to their apps.
        """
        if request.user.is_authenticated and request.user.pk != user.pk:
            # allauth has noted already how the new person signed in.
            noted = {name: request.session.get(name) for name in _RECORD_MEMBERS}
            logout(request)
            request.session.update({k: v for k, v in noted.items() if v is not None})
        elif request.user.is_authenticated:
            request.session.cycle_key()
        super().login(request, user)

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """Return a username that nobody has or could be mistaken for, in its normal form."""
        name = User.normalize_username(username)
        validate_username(name)
        if looks_like_another(name):
            raise self.validation_error("username_looks_like_another")
        if User.objects.find_by_username(name) is not None:
            raise self.validation_error("username_taken")
        return name

    def is_safe_url(self, url: str) -> bool:
        """Accept a path of ours, or a whole URL of the issuer's own origin."""
        issuer = split_url(settings.ISSUER)
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={issuer.netloc}, require_https=issuer.scheme == "https"
        )

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Home, by way of the log-in page: a new password signs this browser out too."""
        return resolve_url(settings.LOGIN_REDIRECT_URL)

    def send_confirmation_mail(
        self, request: HttpRequest, emailconfirmation: EmailConfirmation, signup: bool
    ) -> None:
        """Mail a link of ours. Allauth's works for whoever opens it, even after a new password."""
        address = emailconfirmation.email_address
        if CONFIRMATION_MAILS.take(address.email):
            self.send_confirmation_link(address.user, address.email, waiting_address(request))

    def send_confirmation_link(self, user: User, email: str, following: str = "") -> None:
        """Mail the link that makes an address the one of this person."""
        path = reverse("account_confirm_email", args=[await_confirmation(user, email)])
        self.send_mail(
            "account/email/email_confirmation",
            email,
            {"user": user, "activate_url": with_next(self.on_the_issuer(path), following)},
        )

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Check a name with its password, and bound how often that may be tried."""
        login = credentials.get("email") or credentials.get("username") or ""
        with self._telling_of_limits():
            return find_person(request, login, credentials["password"])

    def reauthenticate(self, user: User, password: str) -> bool:
        """Check the password of somebody who is signed in."""
        with self._telling_of_limits():
            return is_persons_password(self.request, user, password)

    @contextmanager
    def _telling_of_limits(self) -> Iterator[None]:
        try:
            yield
        except TooManyAttempts as error:
            raise self.validation_error("too_many_login_attempts") from error

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponseBase:
        """Remember that this browser has signed this person in."""
        response: HttpResponseBase = super().post_login(request, user, **kwargs)
        remember_browser(request, response, user)
        return response

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail that nobody waits for."""
        send_later(self.render(template_prefix, email, context))

    def render(self, template_prefix: str, email: str, context: dict[str, Any]) -> EmailMessage:
        """Return a mail that names the issuer's host."""
        whole = {**context, "email": email, "issuer_host": split_url(settings.ISSUER).netloc}
        message: EmailMessage = self.render_mail(template_prefix, email, whole)
        return message

    def on_the_issuer(self, path: str) -> str:
        """Return a link for mails. Not from the `Host` header, which a stranger chooses."""
        return split_url(path).on(split_url(settings.ISSUER))
