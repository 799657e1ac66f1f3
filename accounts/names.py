"""Usernames that look alike are one: their common form, and which letters may stand together.

Specs: Unicode Technical Report 36 section 2.11.2 (comparing); Unicode Technical Standard 39 section
5.2 (single script).
"""

from __future__ import annotations

import unicodedata

LONGEST = 150
"""Characters of a username, and of its folded form."""

_ALLOWED_TOGETHER = (
    frozenset({"CJK", "HIRAGANA", "KATAKANA"}),  # Japanese
    frozenset({"CJK", "HANGUL"}),  # Korean
    frozenset({"CJK", "BOPOMOFO"}),  # Chinese
)
_OTHER_NAMES = {"IDEOGRAPHIC": "CJK", "EXTENDED": "ARABIC"}
"""First words of characters' names that are not the name of their script."""

_INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters, says Unicode, but nothing is seen of them: fillers of Hangul."""


def folded(name: str) -> str:
    """Return a name in the one form that all of its spellings share."""
    once = unicodedata.normalize("NFKC", name.strip()).casefold()
    return unicodedata.normalize("NFKC", once).casefold()  # folding may undo the normal form


def looks_like_another(name: str) -> bool:
    """Tell whether a new name could be mistaken for one with other characters."""
    return (
        name.endswith(".")
        or len(folded(name)) > LONGEST
        or not _INVISIBLE.isdisjoint(name)
        or not _is_of_one_script(folded(name))
    )


def _is_of_one_script(name: str) -> bool:
    scripts = {_script(character) for character in name if not character.isascii()}
    if any("a" <= character <= "z" for character in name):
        scripts.add("LATIN")
    return len(scripts) <= 1 or any(scripts <= together for together in _ALLOWED_TOGETHER)


def _script(character: str) -> str:
    """Return the script of a letter or digit: Unicode's name of it begins with that."""
    word = unicodedata.name(character, "UNKNOWN").replace("-", " ").split()[0]
    return _OTHER_NAMES.get(word, word)
