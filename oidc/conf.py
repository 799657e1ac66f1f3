"""Gatehouse's own configuration: one frozen object, made once from Django's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the protocol needs to know. Durations are seconds; URLs carry no trailing slash."""

    issuer: str
    base_path: str
    """The issuer's path, before every path of ours; mostly empty."""
    secret_keys: tuple[str, ...]
    """`SECRET_KEY` first, then `SECRET_KEY_FALLBACKS`."""

    redis_url: str
    redis_wait_replicas: int | None
    """Replicas that confirm a write; None: one if the cluster has replicas, else none; -1: every
    replica that the cluster has not given up."""

    redis_deadline_seconds: float
    redis_plaintext_allowed: bool
    """A cluster that is not on this machine may be talked to without TLS."""

    fetch_private_addresses: bool
    rate_limits: bool
    replay_guards_per_minute: int
    """How many assertions, or request objects, a process accepts of one client."""

    kept_bytes_per_minute: int
    """What a process keeps of requests that wait for a person, from one network."""

    registration: str
    """Who may register clients: `off`, `token` (an initial access token is needed), or `open`."""
    registration_profile: str
    """`oidc-compat`: PKCE is optional for clients with a secret or key; `strict`: for nobody."""
    registration_scopes: tuple[str, ...]
    """What clients that register themselves may ask for; a token may add to it."""
    registration_schemes: tuple[str, ...]
    """Schemes of apps' own that they may have in redirect URIs, such as `cursor`."""
    registrations_per_hour: int
    """Attempts to register from one network, while there are rate limits."""
    registration_unused_days: int
    """After that many days the worker forgets an open registration that nobody ever used."""
    software_statement_issuers: Mapping[str, Mapping[str, Any]]
    """Whose software statements count: issuer -> its keys, by `jwks` or `jwks_uri`."""
    global_token_revocation_clients: tuple[str, ...]
    """Clients that may end everything of a person. Empty: nobody may."""
    sign_up_open: bool

    code_lifetime_seconds: int
    access_token_lifetime_seconds: int
    id_token_lifetime_seconds: int
    refresh_token_idle_seconds: int
    refresh_token_absolute_seconds: int
    refresh_token_grace_seconds: int
    """How long a refresh token that was exchanged gets the same answer again, whoever asks."""
    refresh_token_retry_seconds: int
    """How long it does while nobody has used the answer."""
    grants_per_person_and_client: int
    """Living grants. A new one beyond that ends the one that nobody has used for the longest."""
    interaction_lifetime_seconds: int
    session_lifetime_seconds: int
    client_cache_seconds: int
    session_cookie_name: str
    browser_cookie_name: str
    browser_state_cookie_name: str
    cookie_secure: bool

    events_inline: bool
    """Write events on the request's own thread: for tests, and where no threads are wanted."""


@lru_cache(maxsize=1)
def configuration() -> Configuration:
    """Returns the configuration of this process."""
    return Configuration(**settings.GATEHOUSE)


def _forget(*, setting: str, **_: object) -> None:
    if setting == "GATEHOUSE":
        configuration.cache_clear()


setting_changed.connect(_forget)
