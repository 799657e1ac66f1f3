"""Makes the database, clients and people of a Django peer: prints JSON.

`python -m benchmarks.peers.django_site.prepare PEOPLE`
"""

import json
import os
import secrets
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.peers.django_site.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402  Django is set up only now
from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client as Browser  # noqa: E402

REDIRECT_URI = "https://client.example/cb"
SCOPES = ["openid", "profile", "email"]


def main(people: int) -> None:
    call_command("migrate", verbosity=0)
    create = _toolkit_client if settings.PEER == "toolkit" else _allauth_client
    prepared = {
        "machine": create("machine", is_machine=True),
        "app": create("app", is_machine=False),
        "cookies": [_signed_in(f"alice-{number}") for number in range(people)],
    }
    print(json.dumps(prepared))


def _toolkit_client(name: str, *, is_machine: bool) -> list[str]:
    from oauth2_provider.models import Application

    secret = secrets.token_urlsafe(32)
    grant = (
        Application.GRANT_CLIENT_CREDENTIALS if is_machine else Application.GRANT_AUTHORIZATION_CODE
    )
    client = Application.objects.create(
        name=name,
        client_secret=secret,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=grant,
        redirect_uris="" if is_machine else REDIRECT_URI,
        algorithm=Application.NO_ALGORITHM if is_machine else Application.RS256_ALGORITHM,
        skip_authorization=True,
    )
    return [client.client_id, secret]


def _allauth_client(name: str, *, is_machine: bool) -> list[str]:
    from allauth.idp.oidc.models import Client

    secret = secrets.token_urlsafe(32)
    client = Client(name=name, skip_consent=True)
    client.set_secret(secret)
    client.set_scopes(["api"] if is_machine else SCOPES)
    client.set_default_scopes(["api"] if is_machine else SCOPES)
    client.set_grant_types(
        ["client_credentials"] if is_machine else ["authorization_code", "refresh_token"]
    )
    client.set_redirect_uris([] if is_machine else [REDIRECT_URI])
    client.save()
    return [client.id, secret]


def _signed_in(username: str) -> str:
    user = get_user_model().objects.create_user(
        username, f"{username}@example.com", first_name="Alice", last_name="Liddell"
    )
    browser = Browser()
    browser.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={browser.cookies[name].value}"


if __name__ == "__main__":
    main(int(sys.argv[1]))
