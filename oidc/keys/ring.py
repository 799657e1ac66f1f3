"""The keys of this process: parsed once, refreshed from SQL now and then."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt
import structlog
from django.utils import timezone

from oidc.compact_json import compact_json
from oidc.errors import StoreUnavailable
from oidc.keys import algorithms, lifecycle, retirement
from oidc.models import SigningKey
from oidc.models.access import reading

REFRESH_SECONDS = 10
"""How long a revoked key may go on counting in other processes."""
REFRESH_ON_UNKNOWN_SECONDS = 2

_log = structlog.get_logger("gatehouse.keys")


@dataclass(frozen=True, slots=True, eq=False)
class SigningMaterial:
    """A key that signs. `sign`: bytes to a JWS signature."""

    kid: str
    algorithm: str
    sign: algorithms.Signer


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A key that verifies. `verify`: signature and message; raises `InvalidSignature`."""

    kid: str
    algorithm: str
    verify: algorithms.Verifier
    retired_at: float | None
    """Epoch seconds; None for one that may sign."""
    is_published: bool
    """Otherwise it is good for ID tokens that come back as hints, and for nothing else."""


@dataclass(frozen=True, slots=True, eq=False)
class KeyRing:
    """One consistent state of the keys."""

    signing: dict[str, SigningMaterial]
    """By algorithm."""
    verification: dict[str, VerificationKey]
    """By `kid`: announced, signing and retired ones."""
    decryption: dict[str, SigningKey]
    """By `kid`, as stored: parsed when the first message comes that is encrypted to it."""
    jwks: bytes
    etag: str
    state: str
    """Changes with everything that could make a token count no more."""
    loaded_at: float


_current: KeyRing | None = None
_loading = threading.Lock()


def key_ring() -> KeyRing:
    """Return the keys, at most `REFRESH_SECONDS` old. An unreachable database keeps the old ones.

    Raises:
        StoreUnavailable: nothing was ever loaded, and the database is unreachable.
    """
    ring = _current
    if ring is not None and time.monotonic() - ring.loaded_at < REFRESH_SECONDS:
        return ring
    return _reload(ring)


def key_ring_with(kid: str) -> KeyRing:
    """Return the keys, read again if one with this `kid` may be new to this process."""
    ring = key_ring()
    is_old = time.monotonic() - ring.loaded_at > REFRESH_ON_UNKNOWN_SECONDS
    return _reload(ring) if kid not in ring.verification and is_old else ring


def forget() -> None:
    """Load anew at the next use: after a change of keys, and between tests."""
    global _current
    _current = None


def _reload(stale: KeyRing | None) -> KeyRing:
    global _current
    with _loading:
        if _current is not None and _current is not stale:
            return _current
        try:
            with reading():
                _current = _load()
        except StoreUnavailable:
            if stale is None:
                raise
            _log.warning("signing_keys_not_refreshed", exc_info=True)
            return stale
        return _current


def _load() -> KeyRing:
    keys = list(SigningKey.objects.all())
    now = timezone.now()
    signing_algorithms = {k.algorithm for k in keys if k.status == SigningKey.Status.SIGNING}
    if not signing_algorithms.issuperset(algorithms.KEY_ALGORITHMS):
        lifecycle.ensure_signing_keys()
        keys = list(SigningKey.objects.all())
    # The worker deletes those that are not. It may be late, or not run at all.
    keys = [key for key in keys if retirement.is_needed(key, now)]
    signing = [key for key in keys if key.algorithm in algorithms.SIGNING_ALGORITHMS]
    decryption = [key for key in keys if key.algorithm in algorithms.ENCRYPTION_ALGORITHMS]
    published = sorted((key for key in keys if _is_listed(key, now)), key=_place)
    # Older releases kept keys to encrypt to without `alg`.
    jwks = compact_json({"keys": [{**key.public_jwk, "alg": key.algorithm} for key in published]})
    retirements = [(key.kid, str(key.retired_at)) for key in signing]
    return KeyRing(
        signing={
            key.algorithm: _signing_material(key)
            for key in signing
            if key.status == SigningKey.Status.SIGNING
        },
        verification={key.kid: _verification_key(key, now) for key in signing},
        decryption={key.kid: key for key in decryption},
        jwks=jwks,
        etag=f'"{hashlib.sha256(jwks).hexdigest()[:32]}"',
        state=hashlib.sha256(jwks + compact_json(retirements)).hexdigest(),
        loaded_at=time.monotonic(),
    )


_STATUSES = tuple(SigningKey.Status(name) for name in ("signing", "announced", "retired"))


def _place(key: SigningKey) -> tuple[int, int]:
    """Return where a key stands in the set: by algorithm, and those in use first."""
    return algorithms.KEY_ALGORITHMS.index(key.algorithm), _STATUSES.index(
        SigningKey.Status(key.status)
    )


def _is_listed(key: SigningKey, now: datetime) -> bool:
    """A newer release may have keys of other algorithms in the same table."""
    return key.algorithm in algorithms.KEY_ALGORITHMS and retirement.is_published(key, now)


_parsed: dict[str, SigningMaterial] = {}


def _signing_material(key: SigningKey) -> SigningMaterial:
    """Parse a private key once per process: importing RSA costs 41 ms."""
    if key.kid not in _parsed:
        sign = algorithms.signer(key.algorithm, lifecycle.private_key_of(key))
        _parsed[key.kid] = SigningMaterial(key.kid, key.algorithm, sign)
    return _parsed[key.kid]


def _verification_key(key: SigningKey, now: datetime) -> VerificationKey:
    public: dict[str, Any] = key.public_jwk
    verify = algorithms.verifier(key.algorithm, jwt.PyJWK(public, key.algorithm).key)
    is_signing = key.status == SigningKey.Status.SIGNING
    if is_signing and key.algorithm in algorithms.RECOGNISED_ALGORITHMS:
        verify = algorithms.recogniser(_signing_material(key).sign, verify)
    retired_at = retirement.retirement_of(key)
    return VerificationKey(
        key.kid,
        key.algorithm,
        verify,
        retired_at.timestamp() if retired_at else None,
        retirement.is_published(key, now),
    )
