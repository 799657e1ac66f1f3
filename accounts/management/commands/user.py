"""`manage.py user`: makes, lists, shows, stops and resets people, and ends their sessions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.management.base import CommandError, CommandParser
from django.db.models import Q, QuerySet

from accounts.management.base import GatehouseCommand, add_paging, add_state, epoch, page_of
from accounts.models import User
from accounts.people import create_person, find_person, reset_password, revoke_person, set_active


class Command(GatehouseCommand):
    """One subcommand per operation of `accounts.people`; a problem is told on stderr, status 1."""

    help = "Makes, lists, shows, stops and resets people, and signs them out everywhere."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")

        def add(name: str, description: str, *, about_one: bool = True) -> Any:
            action = actions.add_parser(name, help=description, description=description)
            action.add_argument("--json", action="store_true", help="print JSON")
            if about_one:
                action.add_argument("name", metavar="NAME", help="the username")
            return action

        create = add("create", "Create a person; the password is shown once.")
        create.add_argument("--email", default="", help="E-mail address.")
        create.add_argument(
            "--claims",
            type=Path,
            metavar="FILE.json",
            help="Standard claims of OpenID Connect, as one JSON object.",
        )
        create.add_argument("--admin", action="store_true", help="a superuser of the admin")
        listing = add("list", "List people by username.", about_one=False)
        listing.add_argument("--search", metavar="TEXT", help="in username, e-mail or name")
        listing.add_argument("--admins", action="store_true", help="only who may use the admin")
        add_state(listing)
        add_paging(listing, "NAME")
        add("show", "Show a person.")
        add("disable", "Let a person sign in no more, and end all sessions and grants.")
        add("enable", "Let a disabled person sign in again.")
        add("reset", "Give a person a new password, shown once, and end all sessions and grants.")
        add("revoke", "End all sessions and grants of a person.")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except User.DoesNotExist as error:
            raise CommandError(
                f"There is nobody with the username {options['name']}. See: user list"
            ) from error

    def _create(self, options: dict[str, Any]) -> None:
        claims = _read_claims(options["claims"]) if options["claims"] else {}
        try:
            user, password = create_person(
                options["name"], options["email"], claims=claims, is_superuser=options["admin"]
            )
        except ValidationError as error:
            raise CommandError(_in_words(error)) from error
        self._show_password(user, password, options)

    def _list(self, options: dict[str, Any]) -> None:
        people, more = page_of(_chosen(options), options["limit"])
        if options["json"]:
            self.print_json([_as_json(user) for user in people])
        else:
            for user in people:
                self.stdout.write(f"{user.username:24} {_state(user):22} {user.email}".rstrip())
        if more:
            self.tell_of_more(people[-1].username)

    def _show(self, options: dict[str, Any]) -> None:
        self._show_person(find_person(options["name"]), options)

    def _disable(self, options: dict[str, Any]) -> None:
        self._show_person(set_active(find_person(options["name"]), is_active=False), options)

    def _enable(self, options: dict[str, Any]) -> None:
        self._show_person(set_active(find_person(options["name"]), is_active=True), options)

    def _reset(self, options: dict[str, Any]) -> None:
        user = find_person(options["name"])
        if not user.is_active:
            raise CommandError(f"{user.username} may not sign in. First: user enable NAME")
        self._show_password(user, reset_password(user), options)

    def _revoke(self, options: dict[str, Any]) -> None:
        user = revoke_person(options["name"])
        if options["json"]:
            self.print_json({"username": user.username, "sub": str(user.pk)})
        else:
            self.stdout.write(f"{user.username} is signed out everywhere.")

    def _show_person(self, user: User, options: dict[str, Any]) -> None:
        if options["json"]:
            self.print_json(_as_json(user))
            return
        verified = "" if not user.email or user.email_verified else " (not confirmed)"
        lines = {
            "username": user.username,
            "sub": str(user.pk),
            "name": user.get_full_name() or "-",
            "email": f"{user.email}{verified}" or "-",
            "state": _state(user),
            "created": f"{user.date_joined:%Y-%m-%d %H:%M} UTC",
            "last log-in": f"{user.last_login:%Y-%m-%d %H:%M} UTC" if user.last_login else "never",
        }
        for label, value in lines.items():
            self.stdout.write(f"{label:12} {value}")

    def _show_password(self, user: User, password: str, options: dict[str, Any]) -> None:
        if options["json"]:
            self.print_json({"username": user.username, "password": password, "sub": str(user.pk)})
            return
        self.stdout.write(f"{user.username} can sign in now. The password is shown this once:")
        self.stdout.write(f"  password  {password}\n  sub       {user.pk}")


def _chosen(options: dict[str, Any]) -> QuerySet[User]:
    people = User.objects.order_by("username")
    if options["search"]:
        sought = options["search"]
        people = people.filter(
            Q(username__icontains=sought)
            | Q(email__icontains=sought)
            | Q(name__icontains=sought)
            | Q(given_name__icontains=sought)
            | Q(family_name__icontains=sought)
        )
    if options["is_active"] is not None:
        people = people.filter(is_active=options["is_active"])
    if options["admins"]:
        people = people.filter(Q(is_staff=True) | Q(is_superuser=True))
    return people.filter(username__gt=options["after"]) if options["after"] else people


def _state(user: User) -> str:
    role = "superuser" if user.is_superuser else "staff" if user.is_staff else ""
    return ", ".join(filter(None, ("active" if user.is_active else "disabled", role)))


def _as_json(user: User) -> dict[str, Any]:
    return {
        "username": user.username,
        "sub": str(user.pk),
        "name": user.get_full_name(),
        "email": user.email,
        "email_verified": user.email_verified,
        "is_active": user.is_active,
        "is_staff": user.is_staff,
        "is_superuser": user.is_superuser,
        "created_at": epoch(user.date_joined),
        "last_login_at": epoch(user.last_login),
    }


def _read_claims(path: Path) -> dict[str, object]:
    try:
        claims = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(claims, dict):
        raise CommandError(f"{path} must hold one JSON object of claims.")
    return claims


def _in_words(error: ValidationError) -> str:
    """One line a problem, with the name of the field where there is one."""
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return "\n".join(
        " ".join(messages) if field == NON_FIELD_ERRORS else f"{field}: {' '.join(messages)}"
        for field, messages in error.message_dict.items()
    )
