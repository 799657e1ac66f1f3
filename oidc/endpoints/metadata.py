"""What this server can do, told to clients.

Spec: OpenID Connect Discovery 1.0 section 3; RFC 8414 section 2. Only registered names, and only
what is true: the lists come from the code that does the work.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import Any

from accounts.authentication import reachable_acr_values
from oidc.clients.authentication import ASSERTION_ALGORITHMS, METHOD_NAMES
from oidc.clients.jwk import SIGNING_ALGS
from oidc.clients.profiles import RESPONSE_TYPES
from oidc.clients.validation.members import SUBJECT_TYPES
from oidc.conf import configuration
from oidc.endpoints.cached import cached_json
from oidc.endpoints.global_token_revocation import PATH as GLOBAL_TOKEN_REVOCATION_PATH
from oidc.endpoints.register import PATH as REGISTRATION_PATH
from oidc.http import Request, Response
from oidc.keys.algorithms import (
    CONTENT_ENCRYPTIONS,
    ENCRYPTION_ALGORITHMS,
    ID_TOKEN_ALGORITHMS,
)
from oidc.languages import ui_locales_supported
from oidc.requests.checks.prompt import prompt_values
from oidc.response_mode import RESPONSE_MODES
from oidc.server import GRANT_TYPES
from oidc.tokens.claims import CLAIMS_SUPPORTED, SCOPES_SUPPORTED

DISPLAY_VALUES = ("page", "popup", "touch")
"""Our pages fit all of these, so the parameter changes nothing. Old telephones (`wap`) get them
too, and may make little of them."""


def metadata(request: Request) -> Response:
    """Publish the metadata. Both well-known documents are this one."""
    body, etag = _prepared()
    return cached_json(request, body, etag)


def provider_metadata() -> dict[str, Any]:
    """Return the metadata of this server."""
    issuer = configuration().issuer
    confidential_methods = [name for name in METHOD_NAMES if name != "none"]
    return (
        _registration()
        | _global_token_revocation()
        | {
            "issuer": issuer,
            "authorization_endpoint": issuer + "/oauth2/authorize",
            "token_endpoint": issuer + "/oauth2/token",
            "userinfo_endpoint": issuer + "/oauth2/userinfo",
            "jwks_uri": issuer + "/.well-known/jwks.json",
            "revocation_endpoint": issuer + "/oauth2/revoke",
            "introspection_endpoint": issuer + "/oauth2/introspect",
            "end_session_endpoint": issuer + "/oauth2/logout",
            "check_session_iframe": issuer + "/oauth2/check_session",
            "frontchannel_logout_supported": True,
            "frontchannel_logout_session_supported": True,
            "backchannel_logout_supported": True,
            "backchannel_logout_session_supported": True,
            "ui_locales_supported": ui_locales_supported(),
            "display_values_supported": DISPLAY_VALUES,
            "scopes_supported": SCOPES_SUPPORTED,
            "response_types_supported": RESPONSE_TYPES,
            "response_modes_supported": RESPONSE_MODES,
            "grant_types_supported": (*GRANT_TYPES, "implicit"),
            "acr_values_supported": reachable_acr_values(),
            "subject_types_supported": SUBJECT_TYPES,
            "id_token_signing_alg_values_supported": ID_TOKEN_ALGORITHMS,
            "id_token_encryption_alg_values_supported": ENCRYPTION_ALGORITHMS,
            "id_token_encryption_enc_values_supported": CONTENT_ENCRYPTIONS,
            "userinfo_signing_alg_values_supported": ID_TOKEN_ALGORITHMS,
            "userinfo_encryption_alg_values_supported": ENCRYPTION_ALGORITHMS,
            "userinfo_encryption_enc_values_supported": CONTENT_ENCRYPTIONS,
            "token_endpoint_auth_methods_supported": METHOD_NAMES,
            "token_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS,
            "revocation_endpoint_auth_methods_supported": METHOD_NAMES,
            "revocation_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS,
            "introspection_endpoint_auth_methods_supported": confidential_methods,
            "introspection_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS,
            "code_challenge_methods_supported": ["S256"],
            "claim_types_supported": ["normal"],
            "claims_supported": CLAIMS_SUPPORTED,
            "prompt_values_supported": prompt_values(),
            "claims_parameter_supported": True,
            "request_parameter_supported": True,
            "request_uri_parameter_supported": True,
            "require_request_uri_registration": True,
            "request_object_signing_alg_values_supported": SIGNING_ALGS,
            "request_object_encryption_alg_values_supported": ENCRYPTION_ALGORITHMS,
            "request_object_encryption_enc_values_supported": CONTENT_ENCRYPTIONS,
            "authorization_response_iss_parameter_supported": True,
        }
    )


def _registration() -> dict[str, Any]:
    configured = configuration()
    if configured.registration == "off":
        return {}
    return {"registration_endpoint": configured.issuer + REGISTRATION_PATH}


def _global_token_revocation() -> dict[str, Any]:
    """Spec: draft-parecki-oauth-global-token-revocation-06 section 5."""
    configured = configuration()
    if not configured.global_token_revocation_clients:
        return {}
    return {
        "global_token_revocation_endpoint": configured.issuer + GLOBAL_TOKEN_REVOCATION_PATH,
        "global_token_revocation_endpoint_auth_methods_supported": ["Bearer"],
    }


@lru_cache(maxsize=1)
def _prepared() -> tuple[bytes, str]:
    body = json.dumps(provider_metadata(), indent=1).encode()
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'
