"""Keys derived from SECRET_KEY. RFC 5869; NIST SP 800-108 section 5 (one key, one purpose)."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from oidc.keys import at_rest
from oidc.keys.derived import derived_keys

OLD = "an-old-secret-key-0123456789-abcdefghijklmnopqrstuvwxyz-01"
NEW = "a-new-secret-key-0123456789-abcdefghijklmnopqrstuvwxyz-012"


def use_keys(settings: Any, *secret_keys: str) -> None:
    settings.GATEHOUSE = {**settings.GATEHOUSE, "secret_keys": secret_keys}


def test_each_purpose_has_a_key_of_its_own(settings: Any) -> None:
    use_keys(settings, OLD)
    purposes = ("refresh token", "bucket mask", "encryption at rest", "refresh_token", "")
    assert len({derived_keys(purpose).current.key for purpose in purposes}) == len(purposes)
    assert derived_keys("x") == derived_keys("x")
    assert all(len(derived_keys(purpose).current.key) == 32 for purpose in purposes)


def test_the_current_key_is_the_first_and_old_ones_are_found_by_id(settings: Any) -> None:
    use_keys(settings, OLD)
    old = derived_keys("x").current
    use_keys(settings, NEW, OLD)
    keys = derived_keys("x")
    assert keys.current != old
    assert keys.by_id[old.key_id] == old
    assert keys.by_id[keys.current.key_id] == keys.current


def test_the_id_says_nothing_about_the_purpose(settings: Any) -> None:
    use_keys(settings, OLD)
    assert derived_keys("x").current.key_id == derived_keys("y").current.key_id


def test_the_same_key_twice_is_one_key(settings: Any) -> None:
    use_keys(settings, OLD, OLD)
    assert len(derived_keys("x").by_id) == 1


def test_two_keys_of_one_id_are_refused_with_what_to_do(settings: Any) -> None:
    use_keys(settings, OLD)
    taken = derived_keys("x").current.key_id
    for number in range(5000):
        twin = f"another-secret-key-0123456789-abcdefghijklmnopqrstuvwxyz-{number}"
        use_keys(settings, twin)
        if derived_keys("x").current.key_id == taken:
            break
    use_keys(settings, OLD, twin)
    with pytest.raises(ImproperlyConfigured, match="Generate a new"):
        derived_keys("x")


def test_what_is_encrypted_survives_a_rotation_and_not_a_dropped_key(settings: Any) -> None:
    use_keys(settings, OLD)
    hidden = at_rest.encrypt(b"private")
    assert b"private" not in hidden.encode()
    use_keys(settings, NEW, OLD)
    assert at_rest.decrypt(hidden) == b"private"
    renewed = at_rest.encrypt(b"private")
    use_keys(settings, NEW)
    assert at_rest.decrypt(renewed) == b"private"
    with pytest.raises(at_rest.CannotDecrypt, match="SECRET_KEY_FALLBACKS"):
        at_rest.decrypt(hidden)


@pytest.mark.parametrize("change", [lambda text: text[:-1], lambda text: "A" + text[1:], str.upper])
def test_what_was_tampered_with_is_not_decrypted(settings: Any, change: Any) -> None:
    use_keys(settings, OLD)
    with pytest.raises(at_rest.CannotDecrypt):
        at_rest.decrypt(change(at_rest.encrypt(b"private")))
