"""A person made up for a test, with sessions, codes and grants on the cluster."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from uuid import uuid4

from oidc.stores.buckets import bucket_of
from oidc.stores.records import (
    AuthorizationCode,
    CodePresentation,
    Grant,
    GrantHandle,
    RefreshPresentation,
    Rotation,
)
from oidc.stores.redis import codes, grants, sign_ons

CLIENT, REDIRECT_URI, CHALLENGE = "client-1", "https://app.example/callback", "challenge-1"
HOUR = 3600


def new_id() -> str:
    return secrets.token_urlsafe(16)


@dataclass(frozen=True)
class IssuedCode:
    """A code on the cluster, and what redeems it."""

    handle: GrantHandle
    code_hash: str
    code: AuthorizationCode
    presented: CodePresentation

    def redeem(self, request_id: str = "", **changes: str) -> AuthorizationCode:
        return codes.redeem(
            self.handle,
            self.code_hash,
            self.presented._replace(**changes),
            request_id=request_id or new_id(),
            grant_lifetime_seconds=HOUR,
        )


@dataclass(frozen=True)
class OpenGrant:
    """A grant on the cluster, and what refreshes it."""

    handle: GrantHandle
    grant: Grant

    def rotate(
        self,
        generation: int,
        request_id: str = "",
        *,
        client_id: str = CLIENT,
        scope: tuple[str, ...] = (),
        rotate: bool = True,
        grace_seconds: int = 10,
        idle_seconds: int = HOUR,
        retry_seconds: int = 0,
    ) -> Rotation:
        return grants.rotate(
            self.handle,
            RefreshPresentation(client_id, generation, scope),
            request_id=request_id or new_id(),
            rotate=rotate,
            grace_seconds=grace_seconds,
            idle_seconds=idle_seconds,
            retry_seconds=retry_seconds,
        )

    def find(self, jti: str = "jti-1") -> Grant:
        return grants.find(self.handle, jti)

    def require(self, jti: str = "jti-1") -> None:
        grants.require(self.handle, jti)


@dataclass(frozen=True)
class Person:
    """Somebody with an id of their own, so that no test meets another one's keys."""

    user_id: str = field(default_factory=lambda: str(uuid4()))

    @property
    def bucket(self) -> str:
        return bucket_of(self.user_id)

    def sign_in(self, lifetime_seconds: int = HOUR) -> str:
        sid = new_id()
        sign_ons.start(self.user_id, sid, lifetime_seconds)
        return sid

    def new_code(self, sid: str, *, offline: bool = False, expires_in: int = HOUR) -> IssuedCode:
        """Make a code without storing it."""
        now = int(time.time())
        grant = Grant(
            grant_id=new_id(),
            user_id=self.user_id,
            client_id=CLIENT,
            scope=("openid", "profile", "offline_access"),
            sid=sid,
            offline=offline,
            auth_time=now,
            acr="urn:example:strong factors",
            amr=("pwd", "otp"),
            expires_at=now + expires_in,
            claims='{"userinfo":{"name":null,"https://é":{"values":["a b","\\u0000"]}}}',
        )
        code = AuthorizationCode(grant, REDIRECT_URI, CHALLENGE, nonce="nonce / é")
        presented = CodePresentation(CLIENT, REDIRECT_URI, CHALLENGE)
        return IssuedCode(GrantHandle(self.bucket, grant.grant_id), new_id(), code, presented)

    def issue(self, sid: str, *, offline: bool = False, lifetime_seconds: int = 60) -> IssuedCode:
        issued = self.new_code(sid, offline=offline)
        codes.issue(issued.handle, issued.code_hash, issued.code, lifetime_seconds)
        return issued

    def open_grant(self, sid: str = "", *, offline: bool = True) -> OpenGrant:
        issued = self.issue(sid or self.sign_in(), offline=offline)
        return OpenGrant(issued.handle, issued.redeem().grant)
