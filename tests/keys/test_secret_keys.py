"""SECRET_KEY: from one that can be guessed, strangers would make refresh tokens."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured

from oidc.keys.derived import derived_keys

ROOT = Path(__file__).resolve().parents[2]
LONG = "a-long-secret-key-0123456789-abcdef"


@pytest.mark.parametrize("secret_keys", [("",), ("short",), (LONG, ""), (LONG, "short")])
def test_a_short_secret_key_derives_nothing(
    settings: LazySettings, secret_keys: tuple[str, ...]
) -> None:
    settings.GATEHOUSE = settings.GATEHOUSE | {"secret_keys": secret_keys}
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
        derived_keys("refresh token")


def test_two_long_ones_derive_different_keys(settings: LazySettings) -> None:
    settings.GATEHOUSE = settings.GATEHOUSE | {"secret_keys": (LONG, LONG + "2")}
    keys = derived_keys("refresh token")
    assert len({key.key for key in keys.by_id.values()}) == 2


def test_the_server_does_not_start_without_a_secret_key(tmp_path: Path) -> None:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "authserver.settings",
        "GATEHOUSE_LOCAL_DIR": str(tmp_path),
        "SECRET_KEY": "",
    }
    started = subprocess.run(
        [sys.executable, "-c", "import authserver.wsgi"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode != 0
    assert "ImproperlyConfigured: SECRET_KEY" in started.stderr
