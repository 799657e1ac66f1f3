"""A sample app that signs people in with Gatehouse. Read it from top to bottom.

It plays two parts. As a *client* it sends people to Gatehouse to sign in and keeps the tokens that
come back. As a *resource server* it has an API, `/api/greeting`, that accepts access tokens.
Authlib and PyJWT do the protocol's work; what is left is what every app has to say itself.

    python examples/sample_app/app.py        then open http://localhost:8001
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.django_client import OAuth
from django.conf import settings
from django.core.servers.basehttp import run
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST
from joserfc.errors import JoseError

# --- Who signs people in, and who we are to it ------------------------------------------------

HERE = Path(__file__).resolve().parent
LOCAL_DIR = Path(os.environ.get("GATEHOUSE_LOCAL_DIR", HERE.parents[1] / ".local"))
PORT = int(os.environ.get("SAMPLE_APP_PORT", "8001"))
APP_URL = f"http://localhost:{PORT}"


def read_demo() -> tuple[str, str, str]:
    """Return issuer, client id and client secret as `make run` wrote them down."""
    demo = LOCAL_DIR / "demo.json"
    if not demo.is_file():
        sys.exit("Set GATEHOUSE_ISSUER, CLIENT_ID and CLIENT_SECRET, or start `make run` first.")
    content = json.loads(demo.read_text())
    client = next(each for each in content["clients"] if each["client_name"] == "Sample app")
    return content["issuer"], client["client_id"], client["client_secret"]


if "CLIENT_ID" in os.environ:
    ISSUER = os.environ.get("GATEHOUSE_ISSUER", "http://localhost:8000")
    CLIENT_ID, CLIENT_SECRET = os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"]
else:
    ISSUER, CLIENT_ID, CLIENT_SECRET = read_demo()

settings.configure(
    ALLOWED_HOSTS=["localhost"],
    ROOT_URLCONF=__name__,
    SECRET_KEY=secrets.token_urlsafe(50),
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        f"{__name__}.ExplainErrors",
    ],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [HERE]}],
    # Tokens stay here, in memory; the browser gets a random session id and nothing else.
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
    # Cookies ignore ports, so every app on localhost needs names of its own.
    SESSION_COOKIE_NAME=f"sample_app_{PORT}",
    CSRF_USE_SESSIONS=True,
    CSRF_FAILURE_VIEW=f"{__name__}.start_again",
    # Request lines hold authorization codes, which belong in no log.
    LOGGING={"version": 1, "loggers": {"django.server": {"level": "CRITICAL"}}},
)

# Everything else about Gatehouse - addresses, keys, algorithms - comes from its discovery document.
gatehouse = OAuth().register(
    "gatehouse",
    client_id=CLIENT_ID,
    client_secret=CLIENT_SECRET,
    server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_kwargs={
        "scope": "openid profile email",
        "code_challenge_method": "S256",
        "default_timeout": 10,
    },
)


# --- The client: signing in, using the tokens, signing out ------------------------------------


def home(request: HttpRequest) -> HttpResponse:
    """Show who is signed in, or a way to sign in."""
    token = request.session.get("token")
    if not token:
        return render(request, "page.html", {"issuer": ISSUER})
    userinfo = request.session["userinfo"]
    context = {
        "issuer": ISSUER,
        "name": userinfo.get("name") or userinfo.get("email") or userinfo["sub"],
        "id_token": readable(request.session["id_token"]),
        "userinfo": readable(userinfo),
        "access_token": readable({name: token[name] for name in ("scope", "expires_at")}),
        "can_refresh": "refresh_token" in token,
        "notice": request.session.pop("notice", None),
    }
    return render(request, "page.html", context)


def sign_in(request: HttpRequest) -> Any:
    """Send the person to Gatehouse. Authlib adds `state`, `nonce` and the PKCE challenge."""
    return gatehouse.authorize_redirect(request, f"{APP_URL}/callback")


def callback(request: HttpRequest) -> HttpResponse:
    """Receive the person back, and exchange the code for tokens."""
    if request.GET.get("iss") != ISSUER:  # RFC 9207: did the server that we asked answer?
        raise OAuthError("invalid_issuer", "This answer did not come from Gatehouse.")
    # Checks `state`, sends the PKCE verifier, and verifies the ID token with its `nonce`.
    token = gatehouse.authorize_access_token(
        request, claims_options={"iss": {"value": ISSUER}, "aud": {"value": CLIENT_ID}}
    )
    userinfo = gatehouse.userinfo(token=token)
    if userinfo["sub"] != token["userinfo"]["sub"]:  # OpenID Connect Core, section 5.3.2
        raise OAuthError("invalid_userinfo", "ID token and userinfo speak of different people.")
    request.session.cycle_key()  # a new session id, so that nobody else can know it
    request.session["id_token"] = token.pop("userinfo")  # Authlib's name for the verified claims
    request.session["userinfo"] = userinfo
    request.session["token"] = token
    return redirect("/")


@require_POST
def call_api(request: HttpRequest) -> HttpResponse:
    """Call an API with the access token."""
    token = request.session["token"]
    answer = requests.get(
        f"{APP_URL}/api/greeting",
        headers={"Authorization": f"Bearer {token['access_token']}"},
        timeout=10,
    )
    request.session["notice"] = f"The API answered {answer.status_code}: {answer.text}"
    return redirect("/")


@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    """Get a new access token, and keep the new refresh token: the old one is spent."""
    token = request.session["token"]
    request.session["token"] = token | gatehouse.fetch_access_token(
        grant_type="refresh_token", refresh_token=token["refresh_token"], scope=token["scope"]
    )
    request.session["notice"] = "Gatehouse issued a new access token."
    return redirect("/")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session in this app and give its tokens back. Gatehouse keeps its own session."""
    token = request.session.get("token", {})
    request.session.flush()
    if "refresh_token" in token:
        endpoint = gatehouse.load_server_metadata()["revocation_endpoint"]
        form = {"token": token["refresh_token"], "token_type_hint": "refresh_token"}
        requests.post(endpoint, data=form, auth=(CLIENT_ID, CLIENT_SECRET), timeout=10)
    return redirect("/")


@require_POST
def sign_out_of_gatehouse(request: HttpRequest) -> HttpResponse:
    """Sign out here, then there. The ID token tells Gatehouse whom, and that nothing need be asked.

    OpenID Connect RP-Initiated Logout 1.0: it sends people back to an address that we registered.
    """
    id_token = request.session.get("token", {}).get("id_token", "")
    sign_out(request)
    endpoint = gatehouse.load_server_metadata()["end_session_endpoint"]
    logout = {"id_token_hint": id_token, "post_logout_redirect_uri": f"{APP_URL}/"}
    return redirect(f"{endpoint}?{urlencode(logout)}")


# --- The resource server: an API that accepts Gatehouse's access tokens -----------------------


@cache
def signing_keys() -> jwt.PyJWKClient:
    """Gatehouse's public keys, kept for five minutes and fetched again for an unknown one."""
    return jwt.PyJWKClient(gatehouse.load_server_metadata()["jwks_uri"], timeout=10)


def validate_access_token(request: HttpRequest) -> Any:
    """Return the claims of a token that Gatehouse signed, for us, not long ago (RFC 9068)."""
    _, _, token = request.headers.get("Authorization", "").partition("Bearer ")
    verified = jwt.decode_complete(
        token,
        signing_keys().get_signing_key_from_jwt(token),
        algorithms=["ES256"],
        issuer=ISSUER,
        audience=ISSUER,
        leeway=10,
        options={"require": ["iss", "aud", "exp", "iat", "jti", "sub", "client_id"]},
    )
    if verified["header"].get("typ", "").lower() not in {"at+jwt", "application/at+jwt"}:
        raise jwt.InvalidTokenError("another kind of token")  # an ID token, say
    return verified["payload"]


def greeting(request: HttpRequest) -> HttpResponse:
    """The API. It has no session and no cookie: the access token says it all."""
    try:
        claims = validate_access_token(request)
    except jwt.PyJWTError:
        challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        return JsonResponse({"error": "invalid_token"}, status=401, headers=challenge)
    if "profile" not in claims["scope"].split():
        challenge = {"WWW-Authenticate": 'Bearer error="insufficient_scope", scope="profile"'}
        return JsonResponse({"error": "insufficient_scope"}, status=403, headers=challenge)
    return JsonResponse({"greeting": f"Hello, {claims['sub']}", "client": claims["client_id"]})


# --- Pages and addresses ----------------------------------------------------------------------


def readable(claims: dict[str, Any]) -> list[tuple[str, str]]:
    """Write claims for people: sorted by name, with a date beside a time."""
    texts = {name: v if isinstance(v, str) else json.dumps(v) for name, v in claims.items()}
    for name in {"iat", "exp", "auth_time", "updated_at", "expires_at"} & claims.keys():
        texts[name] += f" ({datetime.fromtimestamp(claims[name], UTC):%d %b %Y %H:%M:%S} UTC)"
    return sorted(texts.items())


EXPLANATIONS = {
    "access_denied": "You did not let this app sign you in. It has learned nothing about you.",
    "mismatching_state": "This sign-in was not started in this browser, or too long ago.",
    "invalid_grant": "Your sign-in has ended. Please sign in again.",
}


class ExplainErrors:
    """Middleware: a page for everything that can go wrong between this app and Gatehouse."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, OAuthError):
            name, text = error.error, EXPLANATIONS.get(error.error) or error.description
            if name == "invalid_grant":  # signed out at Gatehouse, revoked, or expired
                request.session.flush()
        elif isinstance(error, JoseError):
            name, text = "invalid_id_token", "Nobody was signed in: the ID token is not valid."
        elif isinstance(error, requests.RequestException):
            name, text = "unreachable", f"Gatehouse does not answer at {ISSUER}. Is it running?"
        else:
            return None
        return render(request, "page.html", {"error": name, "text": text}, status=400)


def start_again(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form of a session that is over."""
    return redirect("/")


urlpatterns = [
    path("", home),
    path("sign-in", sign_in),
    path("callback", callback),
    path("call-api", call_api),
    path("refresh", refresh),
    path("sign-out", sign_out),
    path("sign-out-of-gatehouse", sign_out_of_gatehouse),
    path("api/greeting", greeting),
]

if __name__ == "__main__":
    print(f"Sample app: {APP_URL} (signs in with {ISSUER})", flush=True)
    with suppress(KeyboardInterrupt):
        run("127.0.0.1", PORT, get_wsgi_application(), threading=True)
