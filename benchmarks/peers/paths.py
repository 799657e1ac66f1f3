"""The paths that are measured, and the load of each."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.harness import plan, wrk
from benchmarks.harness.plan import ACCESS_TOKEN, Plan
from benchmarks.peers.base import Client, Peer, Prepared
from benchmarks.peers.relying_party import authorization_target, basic, exchange_form, sign_in

TITLES = {
    "client_credentials": "client credentials",
    "login_rs256": "SSO log-in, RS256",
    "login_es256": "SSO log-in, ES256",
    "refresh_rs256": "refresh, RS256",
    "refresh_es256": "refresh, ES256",
    "introspect_same": "introspection, a token again",
    "introspect_new": "introspection, new tokens",
    "userinfo_same": "userinfo, a token again",
    "userinfo_new": "userinfo, new tokens",
    "jwks": "JWKS",
}
RS256, ES256 = "RS256", "ES256"
CHAINS, CHAINS_OF_THE_SLOW = 32, 6
FRESH_TOKENS, FRESH_SECONDS = 50_000, 240
"""How many new tokens are made at once, and how long they are used: well under their lifetime."""
_COLLECT_SECONDS = 3


@dataclass
class Asked:
    """One server, asked by its paths. What a load consumes is prepared anew each time."""

    peer: Peer
    prepared: Prepared
    directory: Path
    _fresh: dict[str, tuple[float, Path]] = field(default_factory=dict)

    def plans(self) -> dict[str, Callable[[], Plan]]:
        """Return how to make the plan of each path that the server has."""
        plans: dict[str, Callable[[], Plan]] = {"client_credentials": self._client_credentials}
        for algorithm in self.prepared.apps:
            plans[f"login_{algorithm.lower()}"] = partial(self._login, algorithm)
            plans[f"refresh_{algorithm.lower()}"] = partial(self._refresh, algorithm)
        if self.prepared.endpoints.introspect:
            plans["introspect_same"] = self._introspect_same
            plans["introspect_new"] = self._introspect_new
        if self.prepared.endpoints.userinfo:
            plans["userinfo_same"] = self._userinfo_same
            plans["userinfo_new"] = self._userinfo_new
        plans["jwks"] = lambda: plan.plain(self.prepared.endpoints.jwks)
        return {path: plans[path] for path in TITLES if path in plans}

    # --- The token endpoint -------------------------------------------------------------------

    def _client_credentials(self) -> Plan:
        form = {"grant_type": "client_credentials", **self.prepared.machine_parameters}
        authorization = basic(self.prepared.machine)
        request = plan.post(
            self.peer.host,
            self.prepared.endpoints.token,
            urlencode(form),
            Authorization=authorization,
        )
        return plan.fixed(request, ACCESS_TOKEN)

    def _login(self, algorithm: str) -> Plan:
        client = self.prepared.apps[algorithm]
        target = authorization_target(self.prepared, client)
        authorize = [
            plan.get(self.peer.host, target, Cookie=cookie) for cookie in self.prepared.cookies
        ]
        return plan.login(authorize, self._token_request(client, exchange_form()), '"id_token"')

    def _refresh(self, algorithm: str) -> Plan:
        client = self.prepared.apps[algorithm]
        count = CHAINS_OF_THE_SLOW if self.peer.is_slow else CHAINS
        cookies = itertools.islice(itertools.cycle(self.prepared.cookies), count)
        tokens = [
            sign_in(self.peer, self.prepared, client, cookie)["refresh_token"] for cookie in cookies
        ]
        template = self._token_request(client, "grant_type=refresh_token&refresh_token=")
        idle = plan.get(self.peer.host, self.prepared.endpoints.jwks)
        return plan.refresh(template, tokens, idle, ACCESS_TOKEN)

    def _token_request(self, client: Client, form: str) -> dict[str, str]:
        token = self.prepared.endpoints.token
        return plan.post_with(self.peer.host, token, form, Authorization=basic(client))

    # --- Where resource servers ask -----------------------------------------------------------

    def _introspect_same(self) -> Plan:
        request = plan.post(
            self.peer.host,
            self.prepared.endpoints.introspect,
            urlencode({"token": self._one_token()}),
            Authorization=basic(self.prepared.apps[RS256]),
        )
        return plan.fixed(request, '"client_id"')

    def _introspect_new(self) -> Plan:
        template = plan.post_with(
            self.peer.host,
            self.prepared.endpoints.introspect,
            "token=",
            Authorization=basic(self.prepared.apps[RS256]),
        )
        return plan.each_of(template, self._fresh_tokens("introspect"), '"client_id"')

    def _userinfo_same(self) -> Plan:
        request = plan.get(
            self.peer.host,
            self.prepared.endpoints.userinfo,
            Authorization=f"Bearer {self._one_token()}",
        )
        return plan.fixed(request, '"sub"')

    def _userinfo_new(self) -> Plan:
        template = plan.get_with(
            self.peer.host, self.prepared.endpoints.userinfo, "Authorization: Bearer "
        )
        return plan.each_of(template, self._fresh_tokens("userinfo"), '"sub"', in_header=True)

    def _one_token(self) -> str:
        client, cookie = self.prepared.apps[RS256], self.prepared.cookies[0]
        return str(sign_in(self.peer, self.prepared, client, cookie)["access_token"])

    def _fresh_tokens(self, use: str) -> Path:
        """Return a file of tokens that this use has not presented for the last many thousand."""
        made_at, path = self._fresh.get(use, (float("-inf"), Path()))
        if time.monotonic() - made_at > FRESH_SECONDS:
            path = self.peer.fresh_access_tokens(self.prepared, FRESH_TOKENS) or self._collected()
            path = path.rename(self.directory / f"{use}.tokens")
            self._fresh[use] = time.monotonic(), path
        return path

    def _collected(self) -> Path:
        """Sign people in for some seconds, and keep all access tokens."""
        sample, path = self.directory / "collected.jsonl", self.directory / "collected.tokens"
        wrk.run(
            self._login(RS256),
            self.peer.url,
            self.directory,
            seconds=_COLLECT_SECONDS * (3 if self.peer.is_slow else 1),
            connections=4,
            sample_file=str(sample),
            sample_every=1,
        )
        with sample.open() as lines, path.open("w") as tokens:
            tokens.writelines(f"{json.loads(line)['access_token']}\n" for line in lines)
        return path
