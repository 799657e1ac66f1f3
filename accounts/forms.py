"""The account pages' forms where allauth's own do not suffice."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import (
    AddEmailForm,
    ChangePasswordForm,
    LoginForm,
    ResetPasswordForm,
    SignupForm,
)
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest

from accounts.models import User, UserManager

LONGEST_LOGIN = 320
"""Characters of an e-mail address at most, as Django's own field has it."""


class LogInForm(LoginForm):  # type: ignore[misc]
    """The log-in form. What is typed has an end, because the database searches for it.

    It is a username or an e-mail address, never both, since usernames have no `@`. Allauth would
    try an address as either, and hash the password twice if somebody has it: a clock could tell.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        login = self.fields["login"]
        login.validators.append(MaxLengthValidator(LONGEST_LOGIN))
        login.widget.attrs["maxlength"] = LONGEST_LOGIN

    def user_credentials(self) -> dict[str, Any]:
        credentials: dict[str, Any] = super().user_credentials()
        if "email" in credentials:
            credentials.pop("username", None)
        return credentials


class SignUpForm(SignupForm):  # type: ignore[misc]
    """The sign-up form. Only the present address of somebody is taken."""

    def validate_unique_email(self, value: str) -> str:
        if User.objects.find_by_email(value) is not None:
            raise get_adapter().validation_error("email_taken")
        return value


class AddressForm(AddEmailForm):  # type: ignore[misc]
    """The form for a new e-mail address. It does not look whether somebody has it: nobody shall
    learn that here, neither from the answer nor from its time. The link in the mail finds out."""

    def clean_email(self) -> str:
        email = UserManager.normalize_email(self.cleaned_data["email"])
        if email == self.user.email:
            raise get_adapter().validation_error("duplicate_email")
        return email


class ResetForm(ResetPasswordForm):  # type: ignore[misc]
    """The form of a forgotten password. It looks for nobody: `send_reset_link` does, later."""

    def clean_email(self) -> str:
        return UserManager.normalize_email(self.cleaned_data["email"])

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        return str(self.cleaned_data["email"])


class PasswordForm(ChangePasswordForm):  # type: ignore[misc]
    """The form for a new password. Guessing the current one there is bounded as elsewhere."""

    def clean_oldpassword(self) -> str:
        password = str(self.cleaned_data["oldpassword"])
        if not get_adapter().reauthenticate(self.user, password):
            raise get_adapter().validation_error("enter_current_password")
        return password
