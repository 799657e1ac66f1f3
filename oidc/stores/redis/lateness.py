"""Commands that arrive late.

A network that was cut delivers late what was sent into the cut. By then its caller has given up,
and others have gone on: what was a fresh token or code when it was sent looks used. That is no
reason to end a grant, so verdicts of reuse compare when a command was sent with when the record
last changed. All other late writes do no harm.

Clocks that differ do little: reuse right after a change may be refused as unavailable instead of
ending the grant, or a late command may end it as before.
"""

from __future__ import annotations

import time


def sent_at_ms() -> int:
    """Return the time to stamp a command with."""
    return int(time.time() * 1000)
