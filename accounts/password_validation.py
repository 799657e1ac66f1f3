"""Which new passwords are refused. Spec: NIST SP 800-63B-4 section 3.1.1.2 (blocklist)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.guessing import is_guessable
from accounts.models import User
from accounts.split_url import split_url

PRODUCT = "gatehouse"

_ABOUT_A_PERSON = (
    "username", "email", "name", "given_name", "middle_name", "family_name", "nickname",
    "preferred_username", "phone_number", "birthdate",
)  # fmt: skip


class GuessablePasswordValidator:
    """Refuses common passwords and what is like them, also with words about person and server."""

    def validate(self, password: str, user: User | None = None) -> None:
        if is_guessable(password, _known_words(user)):
            raise ValidationError(
                _(
                    "This password is too easy to guess. Most of it is common words, names, the "
                    "name of this server, dates, or sequences such as 1234."
                ),
                code="password_too_guessable",
            )

    def get_help_text(self) -> str:
        return _(
            "Your password must not consist mostly of common words, names, dates or sequences such "
            "as 1234. Three unrelated words are fine."
        )


def _known_words(user: User | None) -> Iterator[str]:
    """Yield what a guesser tries first: whole, and in its parts."""
    texts = [PRODUCT, split_url(settings.ISSUER).hostname or ""]
    texts += [str(getattr(user, name, "") or "") for name in _ABOUT_A_PERSON]
    for text in texts:
        yield text
        yield from re.split(r"[\W_]+", text)
