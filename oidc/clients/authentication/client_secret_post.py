"""The client's id and secret in the form. Spec: RFC 6749 section 2.3.1."""

from __future__ import annotations

from oidc.clients.authentication.errors import invalid_client
from oidc.clients.record import Client
from oidc.http import Request

NAME = "client_secret_post"


def is_presented(request: Request) -> bool:
    return "client_secret" in request.form


def claimed_client_id(request: Request) -> str:
    if "client_id" not in request.form:
        raise invalid_client("client_secret without client_id")
    return request.form["client_id"]


def verify(request: Request, client: Client) -> None:
    if not client.check_client_secret(request.form["client_secret"]):
        raise invalid_client("wrong or expired client secret")
