"""The account pages' forms where allauth's own do not suffice."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm
from django.core.validators import MaxLengthValidator

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
