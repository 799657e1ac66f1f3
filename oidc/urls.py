"""Every address of the protocol on one screen: path -> function.

Both doors read `ENDPOINTS`; the pages for people are ordinary Django views.
"""

from __future__ import annotations

from django.urls import path

from oidc.doors import django as django_door
from oidc.doors.endpoint import Endpoint
from oidc.endpoints.authorize import authorize
from oidc.endpoints.check_session import check_session
from oidc.endpoints.end_session import end_session
from oidc.endpoints.global_token_revocation import PATH as GLOBAL_TOKEN_REVOCATION
from oidc.endpoints.global_token_revocation import revoke_globally
from oidc.endpoints.introspect import introspect
from oidc.endpoints.jwks import jwks
from oidc.endpoints.metadata import metadata
from oidc.endpoints.register import manage_registration, register
from oidc.endpoints.revoke import revoke
from oidc.endpoints.token import token
from oidc.endpoints.userinfo import userinfo
from oidc.logout.request import PARAMETERS as LOGOUT_PARAMETERS
from oidc.pages import sign_out
from oidc.pages.interaction import interaction
from oidc.pages.logo import logo
from oidc.requests.authorization_request import PARAMETERS as AUTHORIZATION_PARAMETERS

READ, POST, BOTH = ("GET", "HEAD"), ("POST",), ("GET", "POST")

ENDPOINTS = (
    Endpoint(
        "authorize",
        "/oauth2/authorize",
        authorize,
        BOTH,
        for_people=True,
        only_in_body=AUTHORIZATION_PARAMETERS,
    ),
    Endpoint("token", "/oauth2/token", token, POST, cors=True),
    Endpoint("userinfo", "/oauth2/userinfo", userinfo, (*READ, "POST"), cors=True),
    Endpoint("revoke", "/oauth2/revoke", revoke, POST, cors=True),
    Endpoint("introspect", "/oauth2/introspect", introspect, POST),
    Endpoint("register", "/oauth2/register", register, POST, cors=True, json=True),
    Endpoint(
        "registration",
        "/oauth2/register/",
        manage_registration,
        (*READ, "PUT", "DELETE"),
        cors=True,
        json=True,
    ),
    Endpoint(
        "end_session",
        "/oauth2/logout",
        end_session,
        BOTH,
        for_people=True,
        only_in_body=LOGOUT_PARAMETERS,
    ),
    Endpoint("check_session", "/oauth2/check_session", check_session, READ, frameable=True),
    Endpoint("revoke_globally", GLOBAL_TOKEN_REVOCATION, revoke_globally, POST, json=True),
    Endpoint("jwks", "/.well-known/jwks.json", jwks, READ, cors=True),
    Endpoint("metadata", "/.well-known/openid-configuration", metadata, READ, cors=True),
    Endpoint("metadata", "/.well-known/oauth-authorization-server", metadata, READ, cors=True),
)

urlpatterns = [
    *django_door.urlpatterns(ENDPOINTS),
    path("interaction/<str:interaction_id>", interaction, name="interaction"),
    path("logos/<str:sha256>", logo, name="logo"),
    path("sign-out/<str:logout_id>", sign_out.for_client, name="sign_out"),
    path("signing-out/<str:farewell_id>", sign_out.signing_out, name="signing_out"),
    # In the place of allauth's: signing out of the account goes the same way.
    path("accounts/logout/", sign_out.sign_out, name="account_logout"),
    path("accounts/sign-out-everywhere/", sign_out.everywhere, name="account_sign_out_everywhere"),
]
