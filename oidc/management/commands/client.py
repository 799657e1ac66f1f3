"""`manage.py client`: registers and changes clients."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from accounts.management.base import GatehouseCommand, add_paging, add_state, page_of
from oidc.clients import service
from oidc.clients.client_secrets import needs_secret
from oidc.clients.metadata import client_as_rfc7591
from oidc.clients.profiles import AUTH_METHODS, PROFILES
from oidc.clients.validation import InvalidClientMetadata
from oidc.clients.validation.members import GRANT_TYPES
from oidc.management.client_tables import client_list, client_table
from oidc.models.client import OAuthClient

MOST_NAMED = 10
"""Clients of one name whose IDs are told."""

TEXT_OPTIONS = ("backchannel_logout_uri", "frontchannel_logout_uri", "scope", "jwks_uri")
LIST_OPTIONS = {
    "redirect_uri": "redirect_uris",
    "post_logout_redirect_uri": "post_logout_redirect_uris",
    "grant_type": "grant_types",
}


class Command(GatehouseCommand):
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
        listing = add("list", "List clients by name.", about_one=False)
        listing.add_argument("--search", metavar="TEXT", help="in name, ID or redirect URIs")
        listing.add_argument("--profile", choices=PROFILES, help="only this kind")
        add_state(listing)
        add_paging(listing, "ID")
        show = add("show", "Show a client.", about_one=False)
        show.add_argument("client_id", metavar="ID|NAME", help="its client ID, or its name")
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
        clients, more = page_of(_chosen(options), options["limit"])
        if options["json"]:
            self.print_json([_as_json(client) for client in clients])
        else:
            client_list(self.stdout, clients)
        if more:
            self.tell_of_more(clients[-1].client_id)

    def _show(self, options: dict[str, Any]) -> None:
        self._show_client(_find_by_id_or_name(options["client_id"]), options)

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
            self.print_json({"client_id": client.client_id, "deleted": True})
        else:
            self.stdout.write(f"Deleted {client.client_name}.")

    def _show_client(
        self, client: OAuthClient, options: dict[str, Any], *, client_secret: str | None = None
    ) -> None:
        if options["json"]:
            self.print_json(_as_json(client, client_secret))
        else:
            client_table(self.stdout, client, client_secret)


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


def _chosen(options: dict[str, Any]) -> QuerySet[OAuthClient]:
    clients = OAuthClient.objects.order_by("client_name", "id")
    if options["search"]:
        sought = options["search"]
        clients = clients.annotate(addresses=Cast("redirect_uris", TextField())).filter(
            Q(client_name__icontains=sought)
            | Q(client_id__icontains=sought)
            | Q(addresses__icontains=sought)
        )
    if options["profile"]:
        clients = clients.filter(profile=options["profile"])
    if options["is_active"] is not None:
        clients = clients.filter(is_active=options["is_active"])
    if options["after"]:
        last = _find({"client_id": options["after"]})
        same_name = Q(client_name=last.client_name, id__gt=last.pk)
        clients = clients.filter(Q(client_name__gt=last.client_name) | same_name)
    return clients


def _find(options: dict[str, Any]) -> OAuthClient:
    """Return a client by its ID alone: a change must not hit another one of the same name."""
    client = OAuthClient.objects.filter(client_id=options["client_id"]).first()
    if client is None:
        raise CommandError("There is no client with this ID. See: client list")
    return client


def _find_by_id_or_name(text: str) -> OAuthClient:
    found = list(OAuthClient.objects.filter(client_id=text)) or list(
        OAuthClient.objects.filter(client_name__iexact=text)[: MOST_NAMED + 1]
    )
    if not found:
        raise CommandError("There is no client with this ID or name. See: client list")
    if len(found) > 1:
        ids = ", ".join(client.client_id for client in found[:MOST_NAMED])
        raise CommandError(f"Several clients have this name; show one by its ID: {ids}")
    return found[0]


def _as_json(client: OAuthClient, client_secret: str | None = None) -> dict[str, Any]:
    return {**client_as_rfc7591(client, client_secret), "is_active": client.is_active}
