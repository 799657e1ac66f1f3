"""What the load generator shall ask: requests made beforehand, with one place that changes.

`wrk.lua` reads a plan as a Lua table, and says what the kinds do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORM_TYPE = "application/x-www-form-urlencoded"
ACCESS_TOKEN = '"access_token"'
"""What an answer of the token endpoint must hold to count."""


@dataclass(frozen=True)
class Plan:
    """`kind`: fixed, list, refresh, or login. `members`: what that kind needs.

    `expect`: what each good answer holds. Without it, `target` is fetched, and the status alone
    is looked at.
    """

    kind: str
    members: Mapping[str, Any]
    expect: str = ""
    requests_per_operation: int = 1
    target: str = "/"

    def write(self, path: Path, **more: Any) -> None:
        """Write it as a Lua file. `more`: what one run adds."""
        members = {"kind": self.kind, "expect": self.expect, **self.members, **more}
        path.write_text(f"return {_lua(members)}\n")


def fixed(request: str, expect: str) -> Plan:
    """The same request again and again."""
    return Plan("fixed", {"request": request}, expect)


def plain(target: str) -> Plan:
    """A document that is the same for everybody."""
    return Plan("fixed", {}, target=target)


def login(authorize: Sequence[str], template: Mapping[str, str], expect: str) -> Plan:
    """An authorization request of somebody who is signed in, then the exchange of its code."""
    members = {"authorize": list(authorize), "template": dict(template)}
    return Plan("login", members, expect, requests_per_operation=2)


def refresh(template: Mapping[str, str], tokens: Sequence[str], idle: str, expect: str) -> Plan:
    """Chains of refresh tokens, each of which answers with the next.

    `idle`: asked where no token waits, and answered with a text that holds `"keys"`.
    """
    members = {"template": dict(template), "chains": list(tokens), "idle": idle}
    return Plan("refresh", {**members, "idle_answer": '"keys"'}, expect)


def each_of(
    template: Mapping[str, str], values: Path, expect: str, *, in_header: bool = False
) -> Plan:
    """One of many values after the other, from a file with one a line.

    A run goes on where the one before it stopped; the load generator notes the place.
    """
    place = values.with_name(f"{values.name}.position")
    members: dict[str, Any] = {"template": dict(template), "values_file": str(values)}
    members["position"] = int(place.read_text()) if place.exists() else 0
    if in_header:
        members["value_in_header"] = True
    return Plan("list", members, expect)


def get(host: str, target: str, **headers: str) -> str:
    """Return a whole GET request."""
    return _head("GET", host, target, headers) + "\r\n"


def post(host: str, target: str, body: str, **headers: str) -> str:
    """Return a whole POST request of a form."""
    head = _head("POST", host, target, {"Content_Type": FORM_TYPE, **headers})
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}"


def post_with(
    host: str, target: str, before: str, after: str = "", **headers: str
) -> dict[str, str]:
    """Return a POST request whose body has a place for a value."""
    head = _head("POST", host, target, {"Content_Type": FORM_TYPE, **headers})
    return {"head": head, "before": before, "after": after}


def get_with(host: str, target: str, before: str) -> dict[str, str]:
    """Return a GET request whose last header ends with a value: `Authorization: Bearer `."""
    return {"head": _head("GET", host, target, {}), "before": before}


def _head(method: str, host: str, target: str, headers: Mapping[str, str]) -> str:
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines) + "\r\n"


def _lua(value: Any) -> str:
    """Write a value as Lua. JSON's strings are Lua's, as long as they are ASCII."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"[{_lua(k)}] = {_lua(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "{" + ", ".join(map(_lua, value)) + "}"
    if value is None:
        return "nil"
    return json.dumps(value)
