"""What Gatehouse wants to reach: ratios in one run on one core. The table says where it fails."""

from __future__ import annotations

LIMIT_TARGET = 0.65
PYTHON_PEERS_TARGET = 100.0
MOST_P99_OVER_P50 = 3.0
"""At half of the rate that was measured."""
_TOKEN_PATHS = (
    "client_credentials", "login_rs256", "login_es256", "refresh_rs256", "refresh_es256",
    "introspect_same", "introspect_new",
)  # fmt: skip
_AGAINST_NODE = {
    "client_credentials": 2.5,
    "login_rs256": 1.8,
    "login_es256": 2.2,
    "refresh_rs256": 1.4,
    "refresh_es256": 3.0,
    "introspect_same": 2.5,
    "introspect_new": 1.1,
    "userinfo_same": 2.5,
    "userinfo_new": 1.1,
    "jwks": 2.5,
}


def target(path: str, server: str) -> float | None:
    """Return how many times as fast as a server Gatehouse wants to be on a path."""
    if server == "limit":
        return LIMIT_TARGET
    if server == "node-oidc-provider":
        return _AGAINST_NODE[path]
    return PYTHON_PEERS_TARGET if path in _TOKEN_PATHS else None
