"""The stores on a Redis Cluster: one stateless object for each contract of `stores.base`."""

from __future__ import annotations

from oidc.stores import base
from oidc.stores.redis.browser_session_store import RedisBrowserSessions
from oidc.stores.redis.code_store import RedisCodes
from oidc.stores.redis.grant_store import RedisGrants
from oidc.stores.redis.interaction_store import RedisInteractions
from oidc.stores.redis.replay_guard_store import RedisReplayGuards
from oidc.stores.redis.sign_on_store import RedisSignOns

codes: base.Codes = RedisCodes()
grants: base.Grants = RedisGrants()
sign_ons: base.SignOns = RedisSignOns()
interactions: base.Interactions = RedisInteractions()
replay_guards: base.ReplayGuards = RedisReplayGuards()
browser_sessions: base.BrowserSessions = RedisBrowserSessions()

__all__ = [
    "browser_sessions",
    "codes",
    "grants",
    "interactions",
    "replay_guards",
    "sign_ons",
]
