"""The language in which a person is spoken to. What clients read is English, always.

Spec: OpenID Connect Core 1.0 section 3.1.2.1 (`ui_locales`); RFC 9110 section 12.5.4.
"""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

LONGEST_LIST = 200
"""What is longer was not written by a browser, nor for one; the rest of it is not looked at."""


def ui_locales_supported() -> list[str]:
    """Return the tags of all languages that our pages speak, English first."""
    return [tag for tag, _ in settings.LANGUAGES]


@lru_cache(maxsize=1024)
def chosen_language(ui_locales: str, accept_language: str = "") -> str:
    """Return what the app asks for, else what the browser asks for, else English.

    Both are lists of tags, the preferred one first; the first that we speak counts. `de-AT` is
    content with `de`.
    """
    accepted = [tag for tag, _ in parse_accept_lang_header(accept_language.lower())]
    for tag in (*ui_locales.lower().split(), *accepted):
        if tag == "*":
            break
        try:
            return translation.get_supported_language_variant(tag)
        except (LookupError, ValueError):
            continue
    return settings.LANGUAGE_CODE


def spoken_language() -> str:
    """Return the tag of the language that is spoken now."""
    return translation.get_language() or settings.LANGUAGE_CODE


def speak(ui_locales: str, accept_language: str = "") -> None:
    """Speak that language for the rest of this request, on this thread."""
    asked, accepted = ui_locales[:LONGEST_LIST], accept_language[:LONGEST_LIST]
    translation.activate(chosen_language(asked, accepted))
