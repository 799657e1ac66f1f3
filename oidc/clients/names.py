"""Names that people can see, and that show as they were written.

Spec: Unicode Standard Annex 9 (marks that change the direction of text); RFC 8264 section 9.
"""

from __future__ import annotations

from unicodedata import category

_JOINERS = frozenset("\u200c\u200d")
"""Letters of several languages, and many emoji, are written with them."""
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols by their category that show nothing."""
_NEVER = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def is_plain(text: str) -> bool:
    """Tell whether a text has no control, no mark of direction, and no other unseen character."""
    return not any(_is_unseen(character) for character in text)


def is_visible(text: str) -> bool:
    """Tell whether a text has a letter, a digit or a sign that can be seen."""
    return any(category(each)[0] in "LNPS" and each not in _BLANKS for each in text)


def shown_name(name: str, otherwise: str) -> str:
    """Return a stored name as it may be shown: without what is refused today."""
    if name.isascii() and name.isprintable() and name.strip():
        return name
    plain = "".join(character for character in name if not _is_unseen(character)).strip()
    return plain if is_visible(plain) else otherwise


def _is_unseen(character: str) -> bool:
    return category(character) in _NEVER and character not in _JOINERS
