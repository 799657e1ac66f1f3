"""The `claims` parameter. Spec: OpenID Connect Core 1.0 sections 5.5 and 5.5.1."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from oidc.errors import ProtocolError

MAX_DEPTH_ERRORS = (ValueError, RecursionError)
MEMBERS = ("userinfo", "id_token")


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """How one claim is asked for. `values`: those that would do; none: any."""

    essential: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestedClaims:
    """What a request asks for by name, for userinfo and for the ID token."""

    userinfo: Mapping[str, ClaimRequest] = field(default_factory=dict)
    id_token: Mapping[str, ClaimRequest] = field(default_factory=dict)
    allowed: frozenset[str] = frozenset()
    """The claims about the person that the client may have."""

    @property
    def releasable(self) -> frozenset[str]:
        """The claims about the person that are asked for, and will be delivered."""
        return self.allowed & (self.userinfo.keys() | self.id_token.keys())

    @property
    def subjects(self) -> frozenset[str]:
        """The values that `sub` is asked to have (section 5.5.1)."""
        members = (self.userinfo, self.id_token)
        return frozenset(value for member in members for value in _asked(member, "sub").values)

    @property
    def acr(self) -> ClaimRequest:
        """How `acr` is asked for in the ID token (section 5.5.1.1)."""
        return _asked(self.id_token, "acr")

    def as_text(self) -> str:
        """Return what the grant has to remember, an empty string for nothing."""
        if not self.userinfo and not self.id_token:
            return ""
        kept = {
            "userinfo": sorted(self.allowed & self.userinfo.keys()),
            "id_token": sorted(self.allowed & self.id_token.keys()),
        }
        kept = {member: names for member, names in kept.items() if names}
        return json.dumps(kept, separators=(",", ":")) if kept else ""


NOTHING = RequestedClaims()


def parse_claims(text: str, allowed: frozenset[str]) -> RequestedClaims:
    """Parse the parameter. Members and claims that are not understood are ignored.

    `allowed`: the claims about the person that the client may have. Others are not an error
    (section 5.5.1): they are left out of the consent page, the grant and every answer.

    Raises:
        ProtocolError: `invalid_request`: it is not what section 5.5 describes.
    """
    try:
        parsed = json.loads(text)
    except MAX_DEPTH_ERRORS as error:
        raise _malformed("claims is not JSON") from error
    if not isinstance(parsed, dict):
        raise _malformed("claims is not a JSON object")
    userinfo, id_token = (_member(parsed.get(name)) for name in MEMBERS)
    return RequestedClaims(userinfo, id_token, allowed)


def _member(value: Any) -> dict[str, ClaimRequest]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _malformed("a member of claims is not a JSON object")
    return {name: _claim(asked) for name, asked in value.items()}


def _claim(asked: Any) -> ClaimRequest:
    if asked is None:
        return ClaimRequest()
    if not isinstance(asked, dict):
        raise _malformed("a requested claim is neither null nor a JSON object")
    essential = asked.get("essential", False)
    values = asked.get("values", [])
    if not isinstance(essential, bool) or not isinstance(values, list):
        raise _malformed("essential or values of a requested claim has the wrong type")
    if "value" in asked:
        values = [asked["value"], *values]
    return ClaimRequest(essential, tuple(value for value in values if isinstance(value, str)))


def _asked(member: Mapping[str, ClaimRequest], name: str) -> ClaimRequest:
    return member.get(name, ClaimRequest())


def _malformed(description: str) -> ProtocolError:
    return ProtocolError("invalid_request", description)
