"""How long a retired key still counts, and for what.

A key that somebody has stolen is worth nothing soon after it was retired, even if nobody knows of
the theft: it verifies only what it can have signed in its time, and only as long as that may live.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from oidc.conf import configuration
from oidc.models import SigningKey

LONGEST_ACCESS_TOKEN_SECONDS = 86_400
"""What a client may register. Longer: retired keys stay published as long."""

LATE_SECONDS = 20
"""How long after its retirement a key may still sign.

Another process learns of it within ten seconds (`ring.REFRESH_SECONDS`), and its clock may be ahead
by ten (`jws.MAX_SKEW_SECONDS`). Larger: a stolen key makes new tokens for as much longer. Smaller:
good tokens are refused after a rotation.
"""


def longest_token_seconds() -> int:
    """Return the longest life of a token that is verified with its expiry."""
    configured = configuration()
    return max(
        LONGEST_ACCESS_TOKEN_SECONDS,
        configured.access_token_lifetime_seconds,
        configured.id_token_lifetime_seconds,
    )


def is_published(key: SigningKey, now: datetime) -> bool:
    """Tell whether others need a key: tokens that it has signed may not have expired yet."""
    retired_at = retirement_of(key)
    return retired_at is None or now < retired_at + _seconds(LATE_SECONDS + longest_token_seconds())


def is_needed(key: SigningKey, now: datetime) -> bool:
    """Tell whether we need a key ourselves.

    ID tokens come back as hints, expired or not, as long as the session that they are about.
    """
    retired_at = retirement_of(key)
    longest = max(longest_token_seconds(), configuration().session_lifetime_seconds)
    return retired_at is None or now < retired_at + _seconds(LATE_SECONDS + longest)


def retirement_of(key: SigningKey) -> datetime | None:
    """Return when a key was retired, None if it was not."""
    if key.status != SigningKey.Status.RETIRED:
        return None
    return key.retired_at or key.created_at


def _seconds(number: int) -> timedelta:
    return timedelta(seconds=number)
