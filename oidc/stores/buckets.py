"""Buckets: which slot holds everything about one person.

A bucket is not a secret, so it needs no key: a plain hash of the random user id stays the same
when `SECRET_KEY` changes, and a change of key moves nobody. What must not show is that two tokens
share a bucket; tokens therefore carry it masked (`tokens.handles`).
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache

BUCKET_BITS = 18
"""Three base64url characters: 262,144 buckets over the 16,384 slots."""


@lru_cache(maxsize=10_000)
def bucket_of(owner_id: str) -> str:
    """Return the bucket of a user id (or, for tokens without a user, a client id)."""
    digest = hashlib.sha256(b"bucket:" + owner_id.encode()).digest()
    return base64.urlsafe_b64encode(digest[:3])[:3].decode()
