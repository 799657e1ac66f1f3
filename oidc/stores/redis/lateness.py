"""Commands that arrive when nobody waits for them any more.

A network that was cut delivers late what was sent into the cut. By then its caller has given up and
has asked again, so what was a fresh token or code when it was sent looks used: no reason to end a
grant. Only verdicts of that kind look at the time; all other late writes do no harm.
"""

from __future__ import annotations

import time

from oidc.conf import configuration

_CLOCK_SKEW_SECONDS = 1.0


def awaited_until_ms() -> int:
    """Return when the caller of a command that is sent now will have given up, by the wall clock.

    If the node's clock is ahead by more than the deadline, reuse is refused as unavailable, and
    ends nothing: `doctor` tells about clocks that differ.
    """
    patience_seconds = configuration().redis_deadline_seconds + _CLOCK_SKEW_SECONDS
    return int((time.time() + patience_seconds) * 1000)
