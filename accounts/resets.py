"""Forgotten passwords: the mail with the link, and what a new password brings with it."""

from __future__ import annotations

import structlog
from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.urls import reverse
from django.utils import translation

from accounts.following import with_next
from accounts.limits import RESET_MAILS
from accounts.models import User

_log = structlog.get_logger("gatehouse.mail")

_PERSON, _KEY = "PERSON", "KEY"


def reset_link_form() -> str:
    """Return the address of reset links, for `send_reset_link`: only a request knows its path."""
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": _PERSON, "key": _KEY})
    return str(get_adapter().on_the_issuer(path))


def send_reset_link(email: str, link_form: str, following: str, language: str) -> None:
    """Mail a link to the person who has this address, if there is one who may sign in.

    `following`: the request of an app that waits for them, empty if none does.
    Runs in the background: nothing here shows in the answer, whatever is found.
    """
    person = User.objects.find_by_email(email)
    if person is None or not person.is_active:
        return
    if not RESET_MAILS.take(str(person.pk)):
        _log.warning("reset_mail_limited", sub=str(person.pk))
        return
    token = default_token_generator.make_token(person)
    link = link_form.replace(f"{_PERSON}-{_KEY}", f"{user_pk_to_url_str(person)}-{token}")
    link = with_next(link, following)
    with translation.override(language):
        message = get_adapter().render(
            "account/email/password_reset_key",
            person.email,
            {"username": person.username, "password_reset_url": link},
        )
    message.send()
