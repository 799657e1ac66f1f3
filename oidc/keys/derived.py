"""Keys derived from `SECRET_KEY`, one per purpose.

The current key comes first, those of `SECRET_KEY_FALLBACKS` after it. A key is named by one byte,
so that what was made with an older key is recognised without trying them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.core.exceptions import ImproperlyConfigured

from oidc.conf import configuration

SHORTEST_SECRET_KEY = 32
"""Characters. From anything shorter, an empty one above all, strangers could derive our keys."""


@dataclass(frozen=True, slots=True)
class DerivedKey:
    """`key_id`: 0 to 255. `key`: 32 bytes."""

    key_id: int
    key: bytes


@dataclass(frozen=True, slots=True)
class DerivedKeys:
    """All keys of one purpose."""

    current: DerivedKey
    by_id: dict[int, DerivedKey]


def derived_keys(purpose: str) -> DerivedKeys:
    """Return the keys of a purpose, such as `refresh_token`.

    Spec: RFC 5869.

    Raises:
        ImproperlyConfigured: a secret key is too short, or two of them share a key id (1 in 256;
            another key is needed).
    """
    return _derive_all(configuration().secret_keys, purpose)


def check_secret_keys() -> None:
    """Refuse to start with secret keys that protect nothing. Raises as `derived_keys` does."""
    derived_keys("start")


@lru_cache(maxsize=16)
def _derive_all(secret_keys: tuple[str, ...], purpose: str) -> DerivedKeys:
    if any(len(secret) < SHORTEST_SECRET_KEY for secret in secret_keys):
        raise ImproperlyConfigured(
            f"SECRET_KEY and each of SECRET_KEY_FALLBACKS must have {SHORTEST_SECRET_KEY} random "
            "characters at least."
        )
    keys = [_derive(secret, purpose) for secret in secret_keys]
    by_id = {key.key_id: key for key in keys}
    if len(by_id) != len(set(secret_keys)):
        raise ImproperlyConfigured(
            "Two of SECRET_KEY and SECRET_KEY_FALLBACKS have the same key id. Generate a new "
            "SECRET_KEY."
        )
    return DerivedKeys(keys[0], by_id)


def _derive(secret: str, purpose: str) -> DerivedKey:
    material = HKDF(SHA256(), 32, salt=None, info=b"gatehouse " + purpose.encode())
    key_id = HKDF(SHA256(), 1, salt=None, info=b"gatehouse key id")
    return DerivedKey(key_id.derive(secret.encode())[0], material.derive(secret.encode()))
