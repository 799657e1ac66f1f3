"""`manage.py prepare_local`: database and demo data, as `make run` needs them."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from authserver.local.demo import ensure_demo_data
from authserver.local.options import Options


class Command(BaseCommand):
    """One process for both, because loading Django is what takes the time."""

    help = "Brings the local database up to date and creates the demo data on the first run."

    def handle(self, *_args: Any, **_options: Any) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, verbosity=0)
        ensure_demo_data(Options.from_environment())
