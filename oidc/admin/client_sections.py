"""The sections of the admin's form for a client, and what each kind of client is not asked."""

from __future__ import annotations

from dataclasses import dataclass

from oidc.clients.profiles import Profile

PEOPLE = ("redirect_uris", "post_logout_redirect_uris")
COLLAPSED = ("collapse",)


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the form. Fields about people are left out for a machine."""

    title: str
    fields: tuple[str, ...]
    classes: tuple[str, ...] = ()


SECTIONS = (
    Section("The application", ("client_name", "profile_label", "state", "trusted")),
    Section("Where people return to", (*PEOPLE, "private_use_schemes")),
    Section("What it may ask for", ("scope", "response_types", "grant_types")),
    Section(
        "How it proves who it is",
        (
            "token_endpoint_auth_method",
            "require_registered_auth_method",
            "secrets",
            "jwks",
            "jwks_uri",
            "token_endpoint_auth_signing_alg",
        ),
    ),
    Section(
        "What people see",
        ("client_uri", "logo_uri", "policy_uri", "tos_uri", "initiate_login_uri"),
        COLLAPSED,
    ),
    Section(
        "Signing out",
        (
            "backchannel_logout_uri",
            "backchannel_logout_session_required",
            "frontchannel_logout_uri",
            "frontchannel_logout_session_required",
        ),
        COLLAPSED,
    ),
    Section(
        "Tokens and protection",
        (
            "require_pkce",
            "rotate_refresh_tokens",
            "access_token_lifetime_seconds",
            "access_token_audience",
            "introspection_audience",
            "access_token_encryption_alg",
            "access_token_encryption_enc",
            "access_token_format",
            "access_token_signing_alg",
            "access_token_typ",
            "id_token_signed_response_alg",
            "id_token_claims",
            "default_max_age",
            "require_auth_time",
        ),
        COLLAPSED,
    ),
    Section(
        "Encryption and pseudonyms",
        (
            "id_token_encrypted_response_alg",
            "id_token_encrypted_response_enc",
            "userinfo_signed_response_alg",
            "userinfo_encrypted_response_alg",
            "userinfo_encrypted_response_enc",
            "subject_type",
            "sector_identifier_uri",
        ),
        COLLAPSED,
    ),
    Section("Other", ("origin_told", "additional_members", "created_at", "updated_at"), COLLAPSED),
)

_FIELDS_ABOUT_PEOPLE = frozenset(
    {
        *PEOPLE,
        "private_use_schemes",
        "trusted",
        "response_types",
        "grant_types",
        "client_uri",
        "logo_uri",
        "policy_uri",
        "tos_uri",
        "initiate_login_uri",
        "backchannel_logout_uri",
        "backchannel_logout_session_required",
        "frontchannel_logout_uri",
        "frontchannel_logout_session_required",
        "require_pkce",
        "rotate_refresh_tokens",
        "id_token_signed_response_alg",
        "id_token_claims",
        "default_max_age",
        "require_auth_time",
        "id_token_encrypted_response_alg",
        "id_token_encrypted_response_enc",
        "userinfo_signed_response_alg",
        "userinfo_encrypted_response_alg",
        "userinfo_encrypted_response_enc",
        "subject_type",
        "sector_identifier_uri",
    }
)


def hidden_fields(profile: Profile) -> frozenset[str]:
    """Return what the form of a client of this kind does not show: there is nothing to choose."""
    if not profile.has_people:
        return _FIELDS_ABOUT_PEOPLE
    return frozenset() if len(profile.response_types) > 1 else frozenset({"response_types"})


NEW_CLIENT_SECTION = (None, {"fields": ("client_name", "profile", "redirect_uris", "scope")})
