"""Authorization codes: 128 random bits and a masked bucket. Spec: RFC 6749 section 10.10."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from oidc.randomness import random_bytes
from oidc.stores.buckets import bucket_of
from oidc.stores.records import GrantHandle
from oidc.tokens import handles


class CodeReference(NamedTuple):
    """What the store needs of a code; the code itself never goes there."""

    handle: GrantHandle
    code_hash: str


def new_code(user_id: str) -> tuple[str, CodeReference]:
    """Return a fresh code and where to store it."""
    random, bucket = random_bytes(16), bucket_of(user_id)
    code = handles.encode(handles.mask(random, bucket))
    return code, _reference(code, random, bucket)


def read_code(code: str) -> CodeReference:
    """Return where a presented code would be stored.

    Raises:
        MalformedHandle: nothing that we made looks like this.
    """
    return _reference(code, *handles.unmask(handles.decode(code)))


def _reference(code: str, random: bytes, bucket: str) -> CodeReference:
    """Return where a code is stored, from the parts that it is made of.

    The id of the grant that a code opens is a one-way function of it: access tokens show grant
    ids, and must not show codes.
    """
    grant_id = handles.encode(hashlib.sha256(b"grant:" + random).digest()[:16])
    return CodeReference(GrantHandle(bucket, grant_id), hashlib.sha256(code.encode()).hexdigest())
