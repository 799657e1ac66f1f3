"""`manage.py registration_token create | list | revoke`: lets developers register clients."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError

from accounts.management.base import GatehouseCommand
from oidc.clients.validation.errors import Refused
from oidc.clients.validation.values import scope
from oidc.models import InitialAccessToken
from oidc.registration.initial_access_tokens import (
    issue_initial_access_token,
    revoke_initial_access_token,
)

DEFAULT_DAYS = 7
LONGEST_DAYS = 3650
MOST_USES = 1_000_000


class Command(GatehouseCommand):
    help = "Makes, lists and revokes the tokens by which developers register clients themselves."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        create = actions.add_parser("create", help="make a token and show it, once")
        create.add_argument("name", metavar="NAME", help="whom it is for")
        create.add_argument("--uses", type=int, default=1, help="how many clients (default: 1)")
        create.add_argument(
            "--days", type=int, default=DEFAULT_DAYS, help=f"it ends then (default: {DEFAULT_DAYS})"
        )
        create.add_argument(
            "--scope",
            default="",
            metavar='"A B"',
            help="scopes of APIs that its clients may have besides those about people",
        )
        listing = actions.add_parser("list", help="show every token, used up or not")
        revoke = actions.add_parser("revoke", help="let nobody register with it any more")
        revoke.add_argument("id", type=int, metavar="ID", help="its number in the list")
        for action in (create, listing, revoke):
            action.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        getattr(self, f"_{options['action']}")(options)

    def _create(self, options: dict[str, Any]) -> None:
        _require_range("--uses", options["uses"], MOST_USES)
        _require_range("--days", options["days"], LONGEST_DAYS)
        try:
            permitted_scope = scope(options["scope"])
        except Refused as refused:
            raise CommandError(f"--scope: {refused}") from refused
        issued = issue_initial_access_token(
            options["name"],
            lifetime=timedelta(days=options["days"]),
            most_uses=options["uses"],
            scope=permitted_scope,
        )
        if options["json"]:
            self.print_json({**_as_json(issued.row), "initial_access_token": issued.value})
            return
        self.stdout.write(_as_line(issued.row))
        self.stdout.write(f"initial_access_token  {issued.value}")
        self.stdout.write("The token is shown this once and stored nowhere. Keep it now.")

    def _list(self, options: dict[str, Any]) -> None:
        tokens = list(InitialAccessToken.objects.all())
        if options["json"]:
            self.print_json([_as_json(token) for token in tokens])
            return
        for token in tokens:
            self.stdout.write(_as_line(token))

    def _revoke(self, options: dict[str, Any]) -> None:
        token = InitialAccessToken.objects.filter(pk=options["id"]).first()
        if token is None:
            raise CommandError("There is no token with this number. See: registration_token list")
        revoke_initial_access_token(token)
        token.refresh_from_db()
        if options["json"]:
            self.print_json(_as_json(token))
        else:
            self.stdout.write(_as_line(token))


def _require_range(option: str, value: int, highest: int) -> None:
    if not 1 <= value <= highest:
        raise CommandError(f"{option}: must be from 1 to {highest}.")


def _as_json(token: InitialAccessToken) -> dict[str, Any]:
    return {
        "id": token.pk,
        "name": token.name,
        "scope": token.scope,
        "uses": token.uses,
        "most_uses": token.most_uses,
        "expires_at": int(token.expires_at.timestamp()),
        "state": token.state,
    }


def _as_line(token: InitialAccessToken) -> str:
    used = f"{token.uses}/{token.most_uses} used"
    return (
        f"{token.pk:4}  {token.state:8} {used:14} until {token.expires_at:%Y-%m-%d}  {token.name}"
    )
