"""base64url without padding. Spec: RFC 7515 section 2."""

from __future__ import annotations

import base64


def encode(data: bytes) -> bytes:
    """Encode, as bytes: what is encoded is mostly signed next."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def decode(text: str | bytes) -> bytes:
    """Decode, as leniently as Python does: other spellings of the same bytes pass.

    Raises:
        ValueError: not ASCII, or of an impossible length.
    """
    encoded = text.encode("ascii") if isinstance(text, str) else text
    return base64.urlsafe_b64decode(encoded + b"=" * (-len(encoded) % 4))
