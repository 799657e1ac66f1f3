"""`manage.py client`: registers and changes clients."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from oidc.clients import service
from oidc.clients.client_secrets import needs_secret
from oidc.clients.metadata import client_as_rfc7591
from oidc.clients.profiles import AUTH_METHODS, PROFILES
from oidc.clients.validation import InvalidClientMetadata
from oidc.clients.validation.members import GRANT_TYPES
from oidc.management.client_tables import client_list, client_table
from oidc.models.client import OAuthClient

TEXT_OPTIONS = ("backchannel_logout_uri", "frontchannel_logout_uri", "scope", "jwks_uri")
LIST_OPTIONS = {
    "redirect_uri": "redirect_uris",
    "post_logout_redirect_uri": "post_logout_redirect_uris",
    "grant_type": "grant_types",
}


class Command(BaseCommand):
    """One subcommand per operation of `clients.service`; a problem is told on stderr, status 1."""

    help = "Registers and changes clients: the applications that people sign in to."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")

        def add(name: str, description: str, *, about_one: bool = True) -> ArgumentParser:
            action = actions.add_parser(name, help=description, description=description)
            action.add_argument("--json", action="store_true", help="print JSON")
            if about_one:
                action.add_argument("client_id", metavar="ID", help="its client ID")
            return action

        create = add("create", "Register a client and show its secret, once.", about_one=False)
        create.add_argument("name", metavar="NAME", help="what people see on the sign-in page")
        create.add_argument("--profile", required=True, choices=PROFILES, help="its kind")
        _add_metadata_options(create)
        add("list", "List all clients.", about_one=False)
        add("show", "Show a client.")
        _add_metadata_options(add("update", "Change a client."))
        rotate = add("rotate-secret", "Give a client a new secret and show it, once.")
        rotate.add_argument(
            "--overlap-seconds",
            type=int,
            default=service.DEFAULT_OVERLAP_SECONDS,
            help="how long the old secret stays valid (default: a day)",
        )
        add("disable", "Stop a client. It keeps its settings.")
        add("enable", "Let a disabled client go on.")
        add("delete", "Forget a client for good.")

    def handle(self, *_args: Any, **options: Any) -> None:
        action = getattr(self, "_" + options["action"].replace("-", "_"))
        try:
            action(options)
        except InvalidClientMetadata as error:
            problems = [f"{problem.member}: {problem.message}" for problem in error.problems]
            raise CommandError("\n".join(problems)) from error

    def _create(self, options: dict[str, Any]) -> None:
        created = service.create_client(
            options["name"],
            options["profile"],
            metadata=_metadata_of(options),
            origin="command line",
        )
        self._show_client(created.client, options, client_secret=created.client_secret)

    def _list(self, options: dict[str, Any]) -> None:
        clients = list(OAuthClient.objects.all())
        if options["json"]:
            self._print_json([_as_json(client) for client in clients])
        else:
            client_list(self.stdout, clients)

    def _show(self, options: dict[str, Any]) -> None:
        self._show_client(_find(options), options)

    def _update(self, options: dict[str, Any]) -> None:
        client = service.update_client(_find(options), _metadata_of(options))
        self._show_client(client, options)
        if needs_secret(client) and not client.client_secrets:
            self.stderr.write(f"It has no secret yet: client rotate-secret {client.client_id}")

    def _rotate_secret(self, options: dict[str, Any]) -> None:
        rotated = service.rotate_secret(_find(options), overlap_seconds=options["overlap_seconds"])
        self._show_client(rotated.client, options, client_secret=rotated.client_secret)

    def _disable(self, options: dict[str, Any]) -> None:
        self._show_client(service.disable_client(_find(options)), options)

    def _enable(self, options: dict[str, Any]) -> None:
        self._show_client(service.enable_client(_find(options)), options)

    def _delete(self, options: dict[str, Any]) -> None:
        client = _find(options)
        service.delete_client(client)
        if options["json"]:
            self._print_json({"client_id": client.client_id, "deleted": True})
        else:
            self.stdout.write(f"Deleted {client.client_name}.")

    def _show_client(
        self, client: OAuthClient, options: dict[str, Any], *, client_secret: str | None = None
    ) -> None:
        if options["json"]:
            self._print_json(_as_json(client, client_secret))
        else:
            client_table(self.stdout, client, client_secret)

    def _print_json(self, value: Any) -> None:
        self.stdout.write(json.dumps(value, indent=2, ensure_ascii=False))


def _add_metadata_options(parser: ArgumentParser) -> None:
    for option in LIST_OPTIONS:
        parser.add_argument(
            _flag(option),
            action="append",
            metavar="TYPE" if option == "grant_type" else "URI",
            choices=GRANT_TYPES if option == "grant_type" else None,
            help="may be given several times",
        )
    for option in TEXT_OPTIONS:
        metavar = '"A B"' if option == "scope" else "URI"
        parser.add_argument(_flag(option), metavar=metavar)
    parser.add_argument("--token-endpoint-auth-method", metavar="METHOD", choices=AUTH_METHODS)
    parser.add_argument(
        "--trusted", action="store_true", default=None, help="your own app: no consent page"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=JSON",
        help="any other member of RFC 7591, for example: --set contacts='[\"ops@example.com\"]'",
    )


def _metadata_of(options: dict[str, Any]) -> dict[str, Any]:
    """Collect what was given. `--set` has the last word."""
    given = {member: options[option] for option, member in LIST_OPTIONS.items()}
    for option in (*TEXT_OPTIONS, "token_endpoint_auth_method", "trusted"):
        given[option] = options[option]
    metadata = {member: value for member, value in given.items() if value is not None}
    return metadata | dict(_parse_assignment(assignment) for assignment in options["set"])


def _parse_assignment(assignment: str) -> tuple[str, Any]:
    name, equals, value = assignment.partition("=")
    if not equals:
        raise CommandError(f"--set {name}: write NAME=JSON.")
    try:
        return name, json.loads(value)
    except ValueError as error:
        raise CommandError(f'--set {name}: not JSON. Text needs "quotes".') from error


def _flag(option: str) -> str:
    return "--" + option.replace("_", "-")


def _find(options: dict[str, Any]) -> OAuthClient:
    try:
        return OAuthClient.objects.get(client_id=options["client_id"])
    except OAuthClient.DoesNotExist as error:
        raise CommandError("There is no client with this ID. See: client list") from error


def _as_json(client: OAuthClient, client_secret: str | None = None) -> dict[str, Any]:
    return {**client_as_rfc7591(client, client_secret), "is_active": client.is_active}
