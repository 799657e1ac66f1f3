"""Demo data: people and clients for a first look. Random secrets, kept in `demo.json`."""

from __future__ import annotations

import json
from typing import Any

from django.db import transaction

from accounts.people import create_person
from authserver.local.files import write_private
from authserver.local.options import Options
from oidc.clients.metadata import client_as_rfc7591
from oidc.clients.service import create_client, update_client
from oidc.models.client import OAuthClient

SAMPLE_APP = "Sample app"
ALICE: dict[str, object] = {
    "name": "Alice Liddell",
    "given_name": "Alice",
    "family_name": "Liddell",
    "middle_name": "Pleasance",
    "nickname": "Ally",
    "preferred_username": "alice",
    "profile": "https://alice.example/about",
    "picture": "https://alice.example/portrait.jpg",
    "website": "https://alice.example/",
    "gender": "female",
    "birthdate": "1852-05-04",
    "zoneinfo": "Europe/London",
    "locale": "en-GB",
    "email": "alice@example.com",
    "email_verified": True,
    "phone_number": "+441865276151",
    "phone_number_verified": True,
    "address": {
        "formatted": "The Deanery\nChrist Church\nOxford OX1 1DP\nUnited Kingdom",
        "street_address": "The Deanery\nChrist Church",
        "locality": "Oxford",
        "region": "Oxfordshire",
        "postal_code": "OX1 1DP",
        "country": "United Kingdom",
    },
}


def ensure_demo_data(options: Options) -> None:
    """Create the demo data if there is none, and let it follow the ports of this run."""
    if options.demo_path.exists():
        _follow_ports(options)
        return
    # All or nothing: without the file nobody would know the passwords in the database.
    with transaction.atomic():
        demo = {"issuer": options.issuer, "users": _create_people(), "clients": _clients(options)}
        _write(options, demo)


def _create_people() -> list[dict[str, str]]:
    people = [
        create_person("alice", claims=ALICE),
        create_person("bob", "bob@example.com"),
        create_person("admin", "admin@example.com", is_superuser=True),
    ]
    return [{"username": user.username, "password": password} for user, password in people]


def _clients(options: Options) -> list[dict[str, Any]]:
    created = [
        create_client(SAMPLE_APP, "web", metadata=_sample_app_addresses(options)),
        create_client("Sample machine", "machine", metadata={"scope": "api"}),
    ]
    return [client_as_rfc7591(each.client, each.client_secret) for each in created]


def _sample_app_addresses(options: Options) -> dict[str, Any]:
    return {
        "redirect_uris": [f"{options.sample_app_url}/callback"],
        "post_logout_redirect_uris": [f"{options.sample_app_url}/"],
        "client_uri": f"{options.sample_app_url}/",
    }


def _follow_ports(options: Options) -> None:
    """Keep issuer and sample app's addresses true when `make run` is given other ports."""
    demo = json.loads(options.demo_path.read_text())
    entry = next(client for client in demo["clients"] if client["client_name"] == SAMPLE_APP)
    addresses = _sample_app_addresses(options)
    if demo["issuer"] == options.issuer and addresses.items() <= entry.items():
        return
    client = OAuthClient.objects.filter(client_id=entry["client_id"]).first()
    if client is not None:
        update_client(client, addresses)
    entry |= addresses
    _write(options, {**demo, "issuer": options.issuer})


def _write(options: Options, demo: dict[str, Any]) -> None:
    write_private(options.demo_path, json.dumps(demo, indent=2) + "\n")
