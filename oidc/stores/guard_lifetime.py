"""How long the guard of a value has to last."""

from __future__ import annotations

import math
import time

CLOCK_DIFFERENCE_SECONDS = 2
"""How far the clocks of our own machines may be apart: `doctor` complains about more."""


def guard_lifetime_seconds(accepted_until: float) -> int:
    """Return the time until nobody accepts the value any more, the machine with the latest clock
    included; one second at least."""
    return max(1, math.ceil(accepted_until - time.time()) + CLOCK_DIFFERENCE_SECONDS)
