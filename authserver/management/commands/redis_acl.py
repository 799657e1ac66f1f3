"""`manage.py redis_acl`: the user that the server is on the nodes of its cluster."""

from __future__ import annotations

import secrets
from argparse import ArgumentParser
from typing import Any

from accounts.management.base import GatehouseCommand
from oidc.conf import configuration
from oidc.stores.redis.access import user_line
from oidc.stores.redis.address import parse_address


class Command(GatehouseCommand):
    help = (
        "Prints the line of an ACL file for the server's user, with the fewest rights that do. It "
        "is for the password in REDIS_URL. Where there is none, and with --new-password, a "
        "password is generated and shown once; the one in REDIS_URL stays good beside it."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", default="gatehouse")
        parser.add_argument("--new-password", action="store_true")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        current = parse_address(configuration().redis_url).options.get("password", "")
        generated = ""
        if options["new_password"] or not current:
            generated = secrets.token_urlsafe(32)
        line = user_line(options["user"], [each for each in (generated, current) if each])
        if options["json"]:
            self.print_json({"line": line, "password": generated or None})
            return
        self.stdout.write(line)
        if generated:
            self.stderr.write(f"password, shown only now: {generated}")
