"""Which members a client may register for itself.

Not the switches of our own (`trusted` and its kind): those are decided by an admin, and are names
that no specification has, so they are ignored like any other unknown member.
"""

from __future__ import annotations

from typing import Any

from oidc.clients.validation import COLUMNS, InvalidClientMetadata, Problem
from oidc.clients.validation.members import find_check

OWN_SWITCHES = frozenset(
    {
        "profile",
        "require_pkce",
        "rotate_refresh_tokens",
        "require_registered_auth_method",
        "private_use_schemes",
        "trusted",
        "access_token_lifetime_seconds",
        "access_token_audience",
        "introspection_audience",
        "access_token_encryption_alg",
        "access_token_encryption_enc",
        "access_token_format",
        "access_token_signing_alg",
        "access_token_typ",
        "id_token_claims",
    }
)
REGISTRABLE_COLUMNS = tuple(member for member in COLUMNS if member not in OWN_SWITCHES)

SPECIFIED = frozenset(
    {
        # OpenID Connect Registration 1.0 section 2
        "sector_identifier_uri",
        "subject_type",
        "id_token_signed_response_alg",
        "id_token_encrypted_response_alg",
        "id_token_encrypted_response_enc",
        "userinfo_signed_response_alg",
        "userinfo_encrypted_response_alg",
        "userinfo_encrypted_response_enc",
        "request_object_signing_alg",
        "request_object_encryption_alg",
        "request_object_encryption_enc",
        "token_endpoint_auth_signing_alg",
        "default_max_age",
        "require_auth_time",
        "default_acr_values",
        "initiate_login_uri",
        "request_uris",
        # The logout specifications
        "post_logout_redirect_uris",
        "frontchannel_logout_uri",
        "frontchannel_logout_session_required",
        "backchannel_logout_uri",
        "backchannel_logout_session_required",
        # RFC 8705 sections 2.1.2, 2.2.2 and 3.4
        "tls_client_auth_subject_dn",
        "tls_client_auth_san_dns",
        "tls_client_auth_san_uri",
        "tls_client_auth_san_ip",
        "tls_client_auth_san_email",
        "tls_client_certificate_bound_access_tokens",
        "use_mtls_endpoint_aliases",
        # RFC 9101 section 10.5, RFC 9126 section 6, RFC 9396 section 10, RFC 9449 section 5.2
        "require_signed_request_object",
        "require_pushed_authorization_requests",
        "authorization_details_types",
        "dpop_bound_access_tokens",
        # RFC 9701 section 6
        "introspection_signed_response_alg",
        "introspection_encrypted_response_alg",
        "introspection_encrypted_response_enc",
        # JWT Secured Authorization Response Mode section 3
        "authorization_signed_response_alg",
        "authorization_encrypted_response_alg",
        "authorization_encrypted_response_enc",
        # Client-Initiated Backchannel Authentication section 4
        "backchannel_token_delivery_mode",
        "backchannel_client_notification_endpoint",
        "backchannel_authentication_request_signing_alg",
        "backchannel_user_code_parameter",
    }
)
"""Members that make a server behave in a certain way. One that this server does not act upon is
refused: a client must not believe to be protected by what is not there."""


def registrable_members(requested: dict[str, Any]) -> dict[str, Any]:
    """Return the members that count here: known, and with a value. Others are ignored.

    Libraries send an empty text where somebody left a member out, so that is no value either.

    Spec: RFC 7591 section 2: unknown members are ignored; RFC 7592 section 2.2: null is absent.

    Raises:
        InvalidClientMetadata: a member asks for something that this server does not do.
    """
    given = {name: value for name, value in requested.items() if value not in (None, "")}
    unsupported = [name for name in given if _asks_in_vain(name, given[name])]
    if unsupported:
        raise InvalidClientMetadata(
            Problem(name, "This server does not do that.") for name in sorted(unsupported)
        )
    return {
        name: value
        for name, value in given.items()
        if name not in OWN_SWITCHES and find_check(name) is not None
    }


def _asks_in_vain(name: str, value: Any) -> bool:
    return name in SPECIFIED and find_check(name) is None and value not in ("", False, [], {})
