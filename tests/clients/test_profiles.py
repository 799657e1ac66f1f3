"""What each kind of client starts with. The table of presets, as a promise."""

from __future__ import annotations

from typing import Any

import pytest

from oidc.clients.profiles import PROFILES
from oidc.clients.service import CreatedClient, create_client

pytestmark = pytest.mark.django_db
PEOPLE = "openid profile email address phone offline_access"
CODE = ["authorization_code", "refresh_token"]

EXPECTED: dict[str, dict[str, Any]] = {
    "web": {"token_endpoint_auth_method": "client_secret_basic", "grant_types": CODE},
    "spa": {"token_endpoint_auth_method": "none", "grant_types": CODE},
    "native": {"token_endpoint_auth_method": "none", "grant_types": CODE},
    "machine": {
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["client_credentials"],
        "response_types": [],
        "redirect_uris": [],
        "scope": "",
    },
    "agent": {
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": [*CODE, "client_credentials"],
        "access_token_lifetime_seconds": 300,
    },
    "oidc-compat": {
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code", "implicit", "refresh_token"],
        "response_types": [
            "code",
            "id_token",
            "id_token token",
            "code id_token",
            "code token",
            "code id_token token",
        ],
        "require_pkce": False,
    },
}
COMMON = {
    "response_types": ["code"],
    "scope": PEOPLE,
    "require_pkce": True,
    "rotate_refresh_tokens": True,
    "trusted": False,
    "access_token_lifetime_seconds": 0,
    "id_token_signed_response_alg": "RS256",
}


def make(profile: str) -> CreatedClient:
    people = PROFILES[profile].has_people
    return create_client(
        "App", profile, metadata={"redirect_uris": ["https://app.example/cb"]} if people else {}
    )


def test_every_profile_has_a_promise() -> None:
    assert PROFILES.keys() == EXPECTED.keys()


@pytest.mark.parametrize("profile", EXPECTED)
def test_a_new_client_has_the_presets_of_its_profile(profile: str) -> None:
    client = make(profile).client
    for member, value in {**COMMON, **EXPECTED[profile]}.items():
        assert getattr(client, member) == value, member


@pytest.mark.parametrize("profile", EXPECTED)
def test_a_secret_goes_to_who_can_keep_one(profile: str) -> None:
    created = make(profile)
    is_public = EXPECTED[profile]["token_endpoint_auth_method"] == "none"
    assert (created.client_secret is None) == is_public
    assert len(created.client.client_secrets) == (0 if is_public else 1)
