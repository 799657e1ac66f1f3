"""The names of all keys. What stands in braces decides the slot."""

from __future__ import annotations


def code_key(bucket: str, code_hash: str) -> str:
    return f"code:{{{bucket}}}:{code_hash}"


def grant_key(bucket: str, grant_id: str) -> str:
    return f"grant:{{{bucket}}}:{grant_id}"


def revoked_key(bucket: str, jti: str) -> str:
    """The mark of an access token that was revoked alone."""
    return f"revoked:{{{bucket}}}:{jti}"


def user_key(bucket: str, user_id: str) -> str:
    """The index of a person's grants and sessions."""
    return f"user:{{{bucket}}}:{user_id}"


def not_before_key(bucket: str, user_id: str) -> str:
    return f"not-before:{{{bucket}}}:{user_id}"


def end_all_key(bucket: str, user_id: str) -> str:
    """The request that signed a person out everywhere a moment ago."""
    return f"end-all:{{{bucket}}}:{user_id}"


def sid_key(bucket: str, sid: str) -> str:
    return f"sid:{{{bucket}}}:{sid}"


def interaction_key(interaction_id: str) -> str:
    return f"interaction:{{{interaction_id}}}"


def replay_key(digest: str) -> str:
    return f"replay:{digest}"


def session_key(digest: str) -> str:
    return f"session:{{{digest}}}"
