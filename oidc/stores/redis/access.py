"""What the server's own user may do on the nodes: what it needs, on its own keys, and no more.

Scripts need a permission for each command in them, so these are read from the scripts themselves.
"""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

KEY_PREFIXES = (
    "cache",
    "code",
    "end-all",
    "fence",
    "grant",
    "interaction",
    "not-before",
    "replay",
    "revoked",
    "session",
    "sid",
    "user",
)
"""What every key of ours begins with, before the first colon."""

_SCRIPTS = ("eval", "evalsha", "wait", "asking")
_POSTED = ("hdel",)
_CACHE = ("get", "mget", "set", "del", "exists", "incrby", "pexpire", "persist", "pttl", "ttl")
_CONNECTION = ("ping", "command", "cluster|slots", "cluster|info", "info", "time")
"""`info`: readiness and `doctor` ask masters for their replicas."""

_CALL = re.compile(r"redis\.p?call\('(\w+)'")


def user_line(user: str, passwords: list[str]) -> str:
    """Return the user's line of an ACL file. It holds hashes of the passwords only.

    With two passwords both are good, while one takes the place of the other.
    """
    hashes = [f"#{sha256(password.encode()).hexdigest()}" for password in passwords]
    keys = [f"~{prefix}:*" for prefix in KEY_PREFIXES]
    commands = [f"+{command}" for command in needed_commands()]
    rules = ["reset", "on", *hashes, *keys, "resetchannels", "-@all", *commands]
    return " ".join(["user", user, *rules])


def needed_commands() -> list[str]:
    """Return every command that the server sends or has in its scripts."""
    scripted: set[str] = set()
    for script in Path(__file__).parent.glob("*.lua"):
        scripted.update(name.lower() for name in _CALL.findall(script.read_text()))
    return sorted(scripted.union(_SCRIPTS, _POSTED, _CACHE, _CONNECTION))
