"""An issuer with a path. RFC 8414 section 3.1; OpenID Connect Discovery 1.0 section 4.1."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from authserver.issuer import validated_issuer
from oidc.doors.mount import MountedBelow

ROOT = Path(__file__).resolve().parents[2]


def path_seen_by_the_door(requested: str) -> str:
    seen: list[str] = []
    door = MountedBelow(lambda environ, _: seen.append(environ["PATH_INFO"]) or [], "/id")
    door({"PATH_INFO": requested}, lambda *_: None)
    return seen[0]


@pytest.mark.parametrize(
    ("requested", "seen"),
    [
        ("/id/oauth2/token", "/oauth2/token"),
        ("/oauth2/token", "/oauth2/token"),
        ("/identity/x", "/identity/x"),
        ("/id", "/id"),
        ("/id/.well-known/openid-configuration", "/.well-known/openid-configuration"),
        ("/.well-known/openid-configuration/id", "/.well-known/openid-configuration"),
        ("/.well-known/oauth-authorization-server/id", "/.well-known/oauth-authorization-server"),
    ],
)
def test_the_path_is_taken_off_or_inserted(requested: str, seen: str) -> None:
    assert path_seen_by_the_door(requested) == seen


PROGRAM = """
import json, django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.support.doors import send_to_wsgi
metadata = send_to_wsgi("GET", "/.well-known/oauth-authorization-server/id", "", b"", {})
page = send_to_wsgi("GET", "/id/accounts/login/", "", b"", {})
print(json.dumps({"metadata": metadata.json(), "page": page.text}))
"""


def test_every_address_is_below_the_path() -> None:
    environment = os.environ | {
        "GATEHOUSE_ISSUER": "http://localhost:8000/id",
        "DJANGO_SETTINGS_MODULE": "authserver.settings",
        "DATABASE_URL": "sqlite://:memory:",
        "LOG_LEVEL": "ERROR",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    seen = json.loads(done.stdout)
    assert seen["metadata"]["issuer"] == "http://localhost:8000/id"
    assert seen["metadata"]["token_endpoint"] == "http://localhost:8000/id/oauth2/token"
    assert 'href="/id/static/gatehouse/gatehouse.css' in seen["page"]


@pytest.mark.parametrize(
    "issuer",
    [
        "http://sign-in.example.com",
        "https://sign-in.example.com/",
        "https://sign-in.example.com?x",
        "https://sign-in.example.com#x",
        "https://user@sign-in.example.com",
        "https://[sign-in.example.com",
        "https://sign-in.example.com:99999",
        "sign-in.example.com",
        "",
    ],
)
def test_2_what_cannot_be_an_issuer_stops_the_start(issuer: str) -> None:
    from django.core.exceptions import ImproperlyConfigured

    with pytest.raises(ImproperlyConfigured, match="GATEHOUSE_ISSUER"):
        validated_issuer(issuer)
