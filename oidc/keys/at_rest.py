"""Encryption of what must not be readable in the database (AES-128-CBC with HMAC: Fernet)."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from oidc.errors import StoreUnavailable
from oidc.keys.derived import derived_keys


class CannotDecrypt(StoreUnavailable):
    """None of the secret keys fits: `SECRET_KEY` changed and is not among the fallbacks.

    Until it is put back, what was encrypted is as good as away: a 503, and a reason in the log.
    """

    def __init__(self) -> None:
        super().__init__(
            "encrypted under another SECRET_KEY: put the old one into SECRET_KEY_FALLBACKS"
        )


def encrypt(plaintext: bytes) -> str:
    """Encrypt under the current secret key."""
    return _fernet().encrypt(plaintext).decode()


def decrypt(ciphertext: str) -> bytes:
    """Decrypt under any secret key.

    Raises:
        CannotDecrypt: no key fits.
    """
    try:
        return _fernet().decrypt(ciphertext.encode())
    except InvalidToken as error:
        raise CannotDecrypt from error


def renewed(ciphertext: str) -> str:
    """Return the text encrypted under the current secret key: the same one, if it is already.

    Raises:
        CannotDecrypt: no key fits.
    """
    try:
        _fernets()[0].decrypt(ciphertext.encode())
    except InvalidToken:
        return encrypt(decrypt(ciphertext))
    return ciphertext


def _fernet() -> MultiFernet:
    return MultiFernet(_fernets())


def _fernets() -> list[Fernet]:
    """Return one for each secret key, the current one first."""
    keys = derived_keys("encryption at rest")
    ordered = [keys.current, *(key for key in keys.by_id.values() if key != keys.current)]
    return [Fernet(base64.urlsafe_b64encode(key.key)) for key in ordered]
