"""The vocabulary: every member of a client's metadata, and the check its value must pass.

Spec: RFC 7591 section 2, OpenID Connect Registration 1.0 section 2, and the logout
specifications' sections on registration.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from oidc.clients.jwk import SIGNING_ALGS
from oidc.clients.profiles import AUTH_METHODS, PROFILES, RESPONSE_TYPES
from oidc.clients.record import ACCESS_TOKEN_FORMATS, ACCESS_TOKEN_TYPES
from oidc.clients.validation import values
from oidc.clients.validation.addresses import check_redirect_uri
from oidc.clients.validation.values import Check
from oidc.keys.algorithms import (
    CONTENT_ENCRYPTIONS,
    ENCRYPTION_ALGORITHMS,
    ID_TOKEN_ALGORITHMS,
    SIGNING_ALGORITHMS,
    SYMMETRIC_ALGORITHM,
)
from oidc.keys.resource_jwe import RESOURCE_CONTENT_ENCRYPTIONS, RESOURCE_ENCRYPTION_ALGORITHMS
from oidc.keys.retirement import LONGEST_ACCESS_TOKEN_SECONDS

GRANT_TYPES = ("authorization_code", "implicit", "refresh_token", "client_credentials")
ASSERTION_ALGS = (*SIGNING_ALGS, SYMMETRIC_ALGORITHM)
SUBJECT_TYPES = ("public", "pairwise")
_TEN_YEARS = 10 * 365 * 24 * 3600


def redirect_uris(*, native: bool, schemes: Collection[str] = ()) -> Check:
    """The check for a list of redirect URIs, which depends on the client.

    `schemes`: those of its own that an admin allowed, whatever its kind.
    """
    return values.list_of(lambda uri: check_redirect_uri(uri, native=native, schemes=schemes))


COLUMNS: dict[str, Check] = {
    "client_name": values.name,
    "profile": values.one_of(tuple(PROFILES)),
    "redirect_uris": redirect_uris(native=False),
    "post_logout_redirect_uris": redirect_uris(native=False),
    "backchannel_logout_uri": values.optional(values.server_uri),
    "backchannel_logout_session_required": values.flag,
    "frontchannel_logout_uri": values.optional(values.server_uri),
    "frontchannel_logout_session_required": values.flag,
    "token_endpoint_auth_method": values.one_of(AUTH_METHODS),
    "token_endpoint_auth_signing_alg": values.optional(values.one_of(ASSERTION_ALGS)),
    "jwks": values.jwks,
    "jwks_uri": values.optional(values.server_uri),
    "grant_types": values.list_of(values.one_of(GRANT_TYPES)),
    "response_types": values.list_of(values.one_of_sets(RESPONSE_TYPES)),
    "scope": values.scope,
    "id_token_signed_response_alg": values.one_of(ID_TOKEN_ALGORITHMS),
    "id_token_encrypted_response_alg": values.optional(values.one_of(ENCRYPTION_ALGORITHMS)),
    "id_token_encrypted_response_enc": values.optional(values.one_of(CONTENT_ENCRYPTIONS)),
    "userinfo_signed_response_alg": values.optional(values.one_of(ID_TOKEN_ALGORITHMS)),
    "userinfo_encrypted_response_alg": values.optional(values.one_of(ENCRYPTION_ALGORITHMS)),
    "userinfo_encrypted_response_enc": values.optional(values.one_of(CONTENT_ENCRYPTIONS)),
    "initiate_login_uri": values.optional(values.https_uri),
    "subject_type": values.one_of(SUBJECT_TYPES),
    "sector_identifier_uri": values.optional(values.https_uri),
    "request_uris": values.list_of(values.request_uri),
    "request_object_signing_alg": values.optional(values.one_of((*SIGNING_ALGS, "none"))),
    "request_object_encryption_alg": values.optional(values.one_of(ENCRYPTION_ALGORITHMS)),
    "request_object_encryption_enc": values.optional(values.one_of(CONTENT_ENCRYPTIONS)),
    "require_auth_time": values.flag,
    "default_acr_values": values.list_of(values.text),
    "default_max_age": values.number(0, _TEN_YEARS, also=(None,)),
    "client_uri": values.optional(values.page_uri),
    "logo_uri": values.optional(values.page_uri),
    "policy_uri": values.optional(values.page_uri),
    "tos_uri": values.optional(values.page_uri),
    # Switches of our own, which no specification names.
    "require_pkce": values.flag,
    "rotate_refresh_tokens": values.flag,
    "require_registered_auth_method": values.flag,
    "private_use_schemes": values.list_of(values.private_use_scheme),
    "trusted": values.flag,
    "access_token_lifetime_seconds": values.number(30, LONGEST_ACCESS_TOKEN_SECONDS, also=(0,)),
    "access_token_audience": values.list_of(values.audience),
    "introspection_audience": values.list_of(values.audience),
    "access_token_encryption_alg": values.optional(values.one_of(RESOURCE_ENCRYPTION_ALGORITHMS)),
    "access_token_encryption_enc": values.optional(values.one_of(RESOURCE_CONTENT_ENCRYPTIONS)),
    "access_token_format": values.one_of(ACCESS_TOKEN_FORMATS),
    "access_token_signing_alg": values.optional(values.one_of(SIGNING_ALGORITHMS)),
    "access_token_typ": values.optional(values.one_of(ACCESS_TOKEN_TYPES)),
    "id_token_claims": values.flag,
}
"""Members that the server acts upon. Each is a column of `OAuthClient`."""

ADDITIONAL: dict[str, Check] = {
    "contacts": values.list_of(values.text),
    "software_id": values.text,
    "software_version": values.text,
}
"""Members that are kept and given back. A member that asks for something the server does not do
is refused instead: a client must not believe to be protected by what is not there."""

_TRANSLATED = re.compile(
    r"(client_name|client_uri|logo_uri|policy_uri|tos_uri)#[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*"
)


def find_check(member: str) -> Check | None:
    """Return the check of a member, None for one that is not known.

    Spec: RFC 7591 section 2.2 for names with a language, like client_name#de.
    """
    translated = _TRANSLATED.fullmatch(member)
    if translated:
        return COLUMNS[translated[1]]
    return COLUMNS.get(member) or ADDITIONAL.get(member)
