"""Seals small records that are written often and read by almost every request.

AES-256-GCM: `key id | nonce | ciphertext and tag`, base64url. Whoever reads the store learns the
length of a record, and whether it was written twice with the same content. Spec: NIST SP 800-38D.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from oidc import base64url
from oidc.keys.derived import derived_keys

_NONCE_BYTES = 12


class CannotUnseal(ValueError):
    """No secret key opens the record: its key was dropped, or it is not what we wrote there."""


def seal(purpose: str, plaintext: bytes, *, bound_to: str) -> str:
    """Encrypt a record under the current key of a purpose.

    `bound_to`: the name under which it is kept. It cannot be opened under another name.
    """
    key, place = derived_keys(purpose).current, bound_to.encode()
    nonce = _nonce(key.key, place, plaintext)
    ciphertext = _cipher(key.key).encrypt(nonce, plaintext, place)
    return base64url.encode(bytes((key.key_id,)) + nonce + ciphertext).decode()


def unseal(purpose: str, sealed: str, *, bound_to: str) -> bytes:
    """Decrypt a record under the key that it names.

    Raises:
        CannotUnseal: we do not have that key, or the record was not sealed under this name.
    """
    try:
        data = base64url.decode(sealed)
        key = derived_keys(purpose).by_id[data[0]].key
        nonce, ciphertext = data[1 : 1 + _NONCE_BYTES], data[1 + _NONCE_BYTES :]
        return _cipher(key).decrypt(nonce, ciphertext, bound_to.encode())
    except (InvalidTag, ValueError, LookupError) as error:
        raise CannotUnseal(type(error).__name__) from error


def _nonce(key: bytes, place: bytes, plaintext: bytes) -> bytes:
    """Derive the nonce from the content, under the key.

    Two contents share a nonce no sooner than with random ones, and a call that is repeated writes
    the very same bytes, by which the store knows it again.
    """
    digest = blake2b(digest_size=_NONCE_BYTES, key=key, person=b"nonce")
    digest.update(len(place).to_bytes(4, "big"))
    digest.update(place)
    digest.update(plaintext)
    return digest.digest()


@lru_cache(maxsize=16)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)
