"""What lives for years, in SQL."""

from oidc.models.client import OAuthClient
from oidc.models.client_logo import ClientLogo
from oidc.models.client_registration import ClientRegistration
from oidc.models.consent import Consent
from oidc.models.failed_request import FailedRequest
from oidc.models.initial_access_token import InitialAccessToken
from oidc.models.installation_secret import InstallationSecret
from oidc.models.logout_notification import LogoutNotification, UnfinishedSignOut
from oidc.models.signing_key import SigningKey

__all__ = [
    "ClientLogo",
    "ClientRegistration",
    "Consent",
    "FailedRequest",
    "InitialAccessToken",
    "InstallationSecret",
    "LogoutNotification",
    "OAuthClient",
    "SigningKey",
    "UnfinishedSignOut",
]
