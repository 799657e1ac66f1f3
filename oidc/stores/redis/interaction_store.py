"""Authorization requests that wait for a person, on the cluster."""

from __future__ import annotations

import json

from oidc.stores.records import Interaction
from oidc.stores.redis.answers import unwrap
from oidc.stores.redis.cluster import run_script
from oidc.stores.redis.keys import interaction_key
from oidc.stores.redis.script import Argument, load_script

_STORE = load_script("interactions_store")
_FIND = load_script("interactions_find")
_SELECT = load_script("interactions_select")
_CONSUME = load_script("interactions_consume")

_TRACE_MS = 60_000
"""How long a finished interaction is remembered for a repetition of the request that did it."""


class RedisInteractions:
    """See `stores.base.Interactions`.

    Redis: a hash with its columns, `parameters` as JSON, and once it is finished `finished_by`, the
    request id.
    """

    def store(self, interaction: Interaction, lifetime_seconds: int) -> None:
        arguments: list[Argument] = [
            lifetime_seconds * 1000,
            "browser_hash", interaction.browser_hash,
            "parameters", json.dumps(interaction.parameters, separators=(",", ":")),
            "created_at", repr(interaction.created_at),
            "selected", int(interaction.account_selected),
        ]  # fmt: skip
        keys = [interaction_key(interaction.interaction_id)]
        unwrap(run_script(_STORE, keys, arguments, write=True))

    def find(self, interaction_id: str) -> Interaction:
        reply = run_script(_FIND, [interaction_key(interaction_id)], [], write=False)
        return _unpack(interaction_id, unwrap(reply))

    def select_account(self, interaction_id: str) -> None:
        unwrap(run_script(_SELECT, [interaction_key(interaction_id)], [], write=True))

    def consume(self, interaction_id: str, *, request_id: str) -> Interaction:
        keys = [interaction_key(interaction_id)]
        reply = run_script(_CONSUME, keys, [request_id, _TRACE_MS], write=True)
        return _unpack(interaction_id, unwrap(reply))


def _unpack(interaction_id: str, columns: list[str]) -> Interaction:
    browser_hash, parameters, created_at, selected = columns
    return Interaction(
        interaction_id=interaction_id,
        browser_hash=browser_hash,
        parameters=json.loads(parameters),
        created_at=float(created_at),
        account_selected=selected == "1",
    )
