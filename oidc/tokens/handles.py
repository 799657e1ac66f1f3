"""How a token tells where its grant lives, without telling anybody else.

A masked handle is 20 bytes: 16 random ones (the grant id, or a code's own secret), the id of the
masking key, and the bucket (18 bits) under a mask made from the random part. So one hop leads to
the right node, and nobody can tell that two tokens belong to the same bucket.
"""

from __future__ import annotations

from hashlib import blake2b

from oidc import base64url
from oidc.keys.derived import derived_keys
from oidc.stores.records import GrantHandle

MASKED_BYTES = 20
_PURPOSE = "bucket mask"


class MalformedHandle(ValueError):
    """Not something that we made."""


def mask(random: bytes, bucket: str) -> bytes:
    """Return the 20 bytes for 16 random ones and a bucket."""
    key = derived_keys(_PURPOSE).current
    return random + bytes((key.key_id,)) + _apply(key.key, random, base64url.decode(bucket + "A"))


def masked(handle: GrantHandle) -> bytes:
    """Return the 20 bytes that the tokens of a grant carry. `handle`: one of ours."""
    return mask(base64url.decode(handle.grant_id), handle.bucket)


def unmask(masked: bytes) -> tuple[bytes, str]:
    """Return the 16 random bytes and the bucket.

    Raises:
        MalformedHandle: wrong length, or made under a secret key that we do not have.
    """
    if len(masked) != MASKED_BYTES:
        raise MalformedHandle("wrong length")
    random, key_id, hidden = masked[:16], masked[16], masked[17:]
    key = derived_keys(_PURPOSE).by_id.get(key_id)
    if key is None:
        raise MalformedHandle("unknown key")
    return random, encode(_apply(key.key, random, hidden))[:3]


def encode(data: bytes) -> str:
    """Encode as base64url without padding."""
    return base64url.encode(data).decode()


def decode(text: str) -> bytes:
    """Decode base64url without padding, accepting the one canonical spelling only.

    Raises:
        MalformedHandle: not base64url, or another spelling of the same bytes.
    """
    try:
        data = base64url.decode(text)
    except ValueError as error:
        raise MalformedHandle("not base64url") from error
    if encode(data) != text:
        raise MalformedHandle("not canonical")
    return data


def _apply(key: bytes, random: bytes, three_bytes: bytes) -> bytes:
    pad = blake2b(random, digest_size=3, key=key).digest()
    return (int.from_bytes(three_bytes) ^ int.from_bytes(pad)).to_bytes(3)
