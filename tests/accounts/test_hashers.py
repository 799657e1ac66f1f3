"""argon2id, at the parameters that were chosen."""

from __future__ import annotations

from django.contrib.auth.hashers import check_password, make_password

from accounts.hashers import TunedArgon2PasswordHasher
from authserver import settings as production


def test_parameters() -> None:
    encoded = TunedArgon2PasswordHasher().encode("a password", "0123456789abcdef0123")
    assert encoded.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_it_is_what_new_passwords_get() -> None:
    assert production.PASSWORD_HASHERS[0] == "accounts.hashers.TunedArgon2PasswordHasher"


def test_an_older_hash_is_verified_and_renewed(settings: object) -> None:
    settings.PASSWORD_HASHERS = production.PASSWORD_HASHERS
    old = make_password("a password", hasher="pbkdf2_sha256")
    renewed: list[str] = []
    assert check_password("a password", old, renewed.append)
    assert renewed == ["a password"]
    assert not check_password("another", old, renewed.append)
