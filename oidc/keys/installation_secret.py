"""Secrets that outlive every `SECRET_KEY`: generated once, in SQL, encrypted at rest."""

from __future__ import annotations

import secrets

from oidc.keys import at_rest
from oidc.models import InstallationSecret
from oidc.models.access import reading

_BYTES = 32

_known: dict[str, bytes] = {}


def installation_secret(name: str) -> bytes:
    """Return the secret of this name; 32 bytes, the same in every process, for ever.

    SQL once in the life of a process. The first caller of an installation generates it.

    Raises:
        StoreUnavailable: the database did not answer.
        CannotDecrypt: `SECRET_KEY` changed, and the old one is not among the fallbacks.
    """
    secret = _known.get(name)
    if secret is None:
        secret = _known.setdefault(name, _read_or_generate(name))
    return secret


def forget() -> None:
    """Read anew at the next use: between tests."""
    _known.clear()


def _read_or_generate(name: str) -> bytes:
    # `get_or_create` reads again if another process was first.
    fresh = at_rest.encrypt(secrets.token_bytes(_BYTES))
    with reading():
        row, _ = InstallationSecret.objects.get_or_create(
            name=name, defaults={"secret_encrypted": fresh}
        )
    return at_rest.decrypt(row.secret_encrypted)
