"""The stores on a Redis Cluster: one stateless object for each contract of `stores.base`."""

from __future__ import annotations

from oidc.stores import base
from oidc.stores.redis.browser_sessions import RedisBrowserSessions
from oidc.stores.redis.codes import RedisCodes
from oidc.stores.redis.grants import RedisGrants
from oidc.stores.redis.interactions import RedisInteractions
from oidc.stores.redis.replay_guards import RedisReplayGuards
from oidc.stores.redis.sign_ons import RedisSignOns

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
