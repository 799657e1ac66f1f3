"""Demo data: people and clients for a first look. Random secrets, kept in `demo.json`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from accounts.people import create_person
from authserver.local.demo_file import NOTE, read_demo, write_demo
from authserver.local.options import Options
from oidc.clients.metadata import client_as_rfc7591
from oidc.clients.service import create_client, update_client
from oidc.errors import BadSetting
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


class NoRoomForDemoData(BadSetting):
    """There is no `demo.json`, and the database has people of these names already."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"The database has people with the names of the demo data, and {path} with their "
            "passwords is gone: restore it, or move the database away to have new ones made."
        )


def ensure_demo_data(options: Options) -> None:
    """Create the demo data if there is none, and let it follow the ports of this run."""
    demo = read_demo(options)
    if demo is not None:
        current = {**_following_ports(demo, options), "users": list(map(_checked, demo["users"]))}
        if current != demo:
            write_demo(options, current)
        return
    # All or nothing: without the file nobody would know the passwords in the database.
    try:
        with transaction.atomic():
            people, clients = _create_people(), _clients(options)
            write_demo(options, {"issuer": options.issuer, "users": people, "clients": clients})
    except ValidationError as error:
        raise NoRoomForDemoData(options.demo_path) from error


def _checked(entry: dict[str, str]) -> dict[str, str]:
    """Return a person's entry, with a note if the password in it is no longer theirs."""
    known = {name: value for name, value in entry.items() if name != NOTE}
    user = User.objects.filter(username=entry["username"]).first()
    if user is None:
        return {**known, NOTE: "was deleted"}
    # Not `user.check_password`, which may write.
    if not check_password(entry["password"], user.password):
        return {**known, NOTE: "the password was changed"}
    return known if user.is_active else {**known, NOTE: "may not sign in"}


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


def _following_ports(demo: dict[str, Any], options: Options) -> dict[str, Any]:
    """Keep issuer and sample app's addresses true when `make run` is given other ports."""
    named = (client for client in demo["clients"] if client["client_name"] == SAMPLE_APP)
    entry: dict[str, Any] = next(named, {})
    addresses = _sample_app_addresses(options)
    if not entry or (demo.get("issuer") == options.issuer and addresses.items() <= entry.items()):
        return demo
    client = OAuthClient.objects.filter(client_id=entry["client_id"]).first()
    if client is not None:
        update_client(client, addresses)
    clients = [each | addresses if each is entry else each for each in demo["clients"]]
    return {**demo, "issuer": options.issuer, "clients": clients}
