"""Tells passwords that are guessed first: common ones, their variants, names, rows of characters.

A password is taken apart into the pieces that a guesser knows: words of a list that ships with the
package, also as they are disguised (`P@ssw0rd`), words about the person and the server, rows,
repetitions and years. What few pieces make up is soon guessed, however long it is.
"""

from __future__ import annotations

import gzip
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path

_LIST = Path(__file__).parent / "data" / "common_passwords.txt.gz"

MOST_GUESSABLE = 5
"""The worth of what is refused: a word and three characters, or two words and one. Larger: phrases
of three words are refused, too."""

_WORD, _DATE, _KNOWN_WORD, _ROW, _CHARACTER = 2, 2, 1, 1, 1
"""What the pieces are worth. A word about the person costs a guesser no list."""

_SHORTEST_WORD, _LONGEST_WORD, _SHORTEST_ROW = 4, 24, 3
_SHORTEST_KNOWN_WORD = 3
_LONGEST = 64
"""Characters that are looked at. What so many are worth says enough."""

_ROWS = (
    "1234567890", "qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl;", "zxcvbnm,./", "yxcvbnm",
    "!@#$%^&*()", '!"§$%&/()=', "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "1q2w3e4r5t6y7u8i9o0p", "abcdefghijklmnopqrstuvwxyz",
)  # fmt: skip
_NEIGHBOURS = frozenset(
    pair for row in _ROWS for pair in (*pairwise(row), *pairwise(reversed(row)))
)
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_DATE_DIGITS = re.compile(
    r"(?:[0-3][0-9][01][0-9]|[01][0-9][0-3][0-9])(?:19|20)?[0-9]{2}"
    r"|(?:19|20)[0-9]{2}[01][0-9][0-3][0-9]"
)
_DISGUISED = {"@": "a", "4": "a", "8": "b", "3": "e", "9": "g", "0": "o", "$": "s", "5": "s"}
_DISGUISED |= {"7": "t", "+": "t", "2": "z"}
_DISGUISES = tuple(
    str.maketrans({**_DISGUISED, "1": letter, "!": letter, "|": letter}) for letter in "il"
)
_REPETITION = re.compile(r"(.+?)\1+")


def is_guessable(password: str, known_words: Iterable[str] = ()) -> bool:
    """Tell whether a password is guessed early by somebody who knows these words."""
    text = unicodedata.normalize("NFKC", password).casefold()
    known = {word.casefold() for word in known_words if len(word) >= _SHORTEST_KNOWN_WORD}
    if repetition := _REPETITION.fullmatch(text[:_LONGEST]):
        text = repetition[1]
    return text in _common_passwords() or _worth(text[:_LONGEST], known) <= MOST_GUESSABLE


def _worth(text: str, known: set[str]) -> int:
    """Return the least that the pieces of a text are worth, however it is taken apart."""
    spellings = (text, *(text.translate(disguise) for disguise in _DISGUISES))
    least = [0]
    for end in range(1, len(text) + 1):
        least.append(
            min(
                least[start] + _worth_of_piece(text, spellings, start, end, known)
                for start in range(max(0, end - _LONGEST_WORD), end)
            )
        )
    return least[-1]


def _worth_of_piece(
    text: str, spellings: tuple[str, ...], start: int, end: int, known: set[str]
) -> int:
    """Return what a piece is worth: as many characters, if it is nothing that is known."""
    piece, length = text[start:end], end - start
    words = {spelling[start:end] for spelling in spellings}
    if not known.isdisjoint(words):
        return _KNOWN_WORD
    if length >= _SHORTEST_ROW and (_is_row(piece) or _YEAR.fullmatch(piece)):
        return _ROW
    if length >= _SHORTEST_WORD and not _common_passwords().isdisjoint(words):
        return _WORD
    if _DATE_DIGITS.fullmatch(piece):
        return _DATE
    return length * _CHARACTER


def _is_row(piece: str) -> bool:
    """Tell whether each character repeats the one before, or lies beside it in a row."""
    pairs = list(pairwise(piece))
    return all(one == other for one, other in pairs) or all(pair in _NEIGHBOURS for pair in pairs)


@cache
def _common_passwords() -> frozenset[str]:
    return frozenset(gzip.decompress(_LIST.read_bytes()).decode().split())
