"""base64url without padding. Spec: RFC 7515 section 2."""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64

_TO_URL_ALPHABET = bytes.maketrans(b"+/", b"-_")
_FROM_URL_ALPHABET = bytes.maketrans(b"-_", b"+/")


def encode(data: bytes) -> bytes:
    """Encode, as bytes: what is encoded is mostly signed next."""
    return b2a_base64(data, newline=False).translate(_TO_URL_ALPHABET, b"=")


def decode(text: str | bytes) -> bytes:
    """Decode, as leniently as Python does: other spellings of the same bytes pass.

    Raises:
        ValueError: not ASCII, or of an impossible length.
    """
    encoded = text.encode("ascii") if isinstance(text, str) else text
    return a2b_base64(encoded.translate(_FROM_URL_ALPHABET) + b"==")
