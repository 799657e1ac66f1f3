"""How passwords are stored."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class TunedArgon2PasswordHasher(Argon2PasswordHasher):
    """argon2id with 19 MiB, two passes, one lane: OWASP's recommendation.

    A log-in costs about 50 ms of one core. Django's own parameters (100 MiB, eight lanes) cost six
    times that, and a server with few cores pays it once for every wrong guess of a stranger.
    """

    memory_cost = 19 * 1024  # KiB
    time_cost = 2
    parallelism = 1
