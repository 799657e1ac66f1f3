"""`manage.py keys list | rotate | retire KID | revoke KID`: the keys that sign and decrypt."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.management.base import GatehouseCommand
from oidc.keys import lifecycle
from oidc.keys.algorithms import KEY_ALGORITHMS
from oidc.models import SigningKey


class Command(GatehouseCommand):
    help = "Lists, rotates, retires and revokes keys."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="show every key and its status")
        rotate = actions.add_parser(
            "rotate",
            help="announce new keys, or let those announced before sign",
        )
        rotate.add_argument("--algorithm", choices=KEY_ALGORITHMS, help="only this one")
        rotate.add_argument(
            "--now", action="store_true", help="let new keys sign at once, for an emergency"
        )
        retire = actions.add_parser("retire", help="take a key out of signing at once")
        revoke = actions.add_parser(
            "revoke", help="forget a key that was stolen: what it has signed counts no more"
        )
        for action in (retire, revoke):
            action.add_argument("kid")
        for action in (listing, rotate, retire, revoke):
            action.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "rotate":
            chosen = [options["algorithm"]] if options["algorithm"] else KEY_ALGORITHMS
            for algorithm in chosen:
                _rotate(algorithm, now=options["now"])
        elif options["action"] in ("retire", "revoke"):
            key = SigningKey.objects.filter(kid=options["kid"]).first()
            if key is None:
                raise CommandError(f"there is no key {options['kid']}")
            take_out = lifecycle.retire if options["action"] == "retire" else lifecycle.revoke
            take_out(key)
        self._show(as_json=options["json"])

    def _show(self, *, as_json: bool) -> None:
        keys = [
            {
                "kid": key.kid,
                "alg": key.algorithm,
                "status": key.status,
                "created_at": int(key.created_at.timestamp()),
                "retired_at": int(key.retired_at.timestamp()) if key.retired_at else None,
            }
            for key in SigningKey.objects.all()
        ]
        if as_json:
            self.print_json(keys)
            return
        for key in keys:
            self.stdout.write(f"{key['kid']}  {key['alg']:12} {key['status']}")


def _rotate(algorithm: str, *, now: bool) -> None:
    """Promote the key announced before; without one, announce one now."""
    waiting = SigningKey.objects.filter(
        algorithm=algorithm, status=SigningKey.Status.ANNOUNCED
    ).first()
    if waiting is None:
        waiting = lifecycle.announce(algorithm)
        if not now:
            return
    lifecycle.promote(waiting)
