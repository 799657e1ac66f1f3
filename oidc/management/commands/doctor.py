"""`manage.py doctor`: tells in plain words what is wrong with this installation."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError

from accounts.management.base import GatehouseCommand
from oidc.doctor import examine


class Command(GatehouseCommand):
    help = "Looks at configuration, database, cluster, clock, keys and reachability."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = examine()
        if options["json"]:
            self.print_json([asdict(finding) for finding in findings])
        else:
            for finding in findings:
                self.stdout.write(f"{finding.subject:14} {finding.problem or 'ok'}")
        problems = sum(1 for finding in findings if finding.problem)
        if problems:
            raise CommandError(f"{problems} of {len(findings)} need attention")
