"""`manage.py user`: create people, end their sessions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.people import create_person, revoke_person


class Command(BaseCommand):
    """Create a person, or end all sessions and grants of one."""

    help = "Create a person, or sign one out everywhere."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)

        create = actions.add_parser("create", help="Create a person; the password is shown once.")
        create.add_argument("name", metavar="NAME", help="The username.")
        create.add_argument("--email", default="", help="E-mail address.")
        create.add_argument(
            "--claims",
            type=Path,
            metavar="FILE.json",
            help="Standard claims of OpenID Connect, as one JSON object.",
        )

        revoke = actions.add_parser("revoke", help="End all sessions and grants of a person.")
        revoke.add_argument("name", metavar="NAME", help="The username.")

        for action in (create, revoke):
            action.add_argument("--json", action="store_true", help="Answer with a JSON object.")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        if action == "create":
            self._create(options["name"], options["email"], options["claims"], options["json"])
        else:
            self._revoke(options["name"], options["json"])

    def _create(self, name: str, email: str, claims_file: Path | None, as_json: bool) -> None:
        claims = _read_claims(claims_file) if claims_file else {}
        try:
            user, password = create_person(name, email, claims=claims)
        except ValidationError as error:
            raise CommandError(_in_words(error)) from error
        answer = {"username": user.username, "password": password, "sub": str(user.pk)}
        if as_json:
            self.stdout.write(json.dumps(answer))
            return
        self.stdout.write(f"{user.username} can sign in now. The password is shown this once:")
        self.stdout.write(f"  password  {password}\n  sub       {user.pk}")

    def _revoke(self, name: str, as_json: bool) -> None:
        try:
            user = revoke_person(name)
        except User.DoesNotExist as error:
            raise CommandError(f"There is nobody with the username {name}.") from error
        if as_json:
            self.stdout.write(json.dumps({"username": user.username, "sub": str(user.pk)}))
        else:
            self.stdout.write(f"{user.username} is signed out everywhere.")


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
