"""`manage.py local_cluster`: the local Redis Cluster without the servers."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.management.base import GatehouseCommand
from authserver.local.cluster import ClusterError, LocalCluster
from authserver.local.files import FolderInUse, lock_folder
from authserver.local.formation import ClusterNotReady
from authserver.local.node import NodeFailed
from authserver.local.options import Options
from authserver.local.server_binary import NoServerBinary
from authserver.local.status import ClusterStatus


class Command(GatehouseCommand):
    """Starts, stops and describes the cluster under `.local/cluster`."""

    help = "Starts, stops or describes the local Redis Cluster. Its data stays when it stops."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=("up", "down", "status"))
        parser.add_argument("--masters", type=int, help="of a new cluster (default: 3)")
        parser.add_argument("--replicas", type=int, help="of each master (default: 1)")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        place = Options.from_environment()
        try:
            cluster = LocalCluster(place.cluster_dir, options["masters"], options["replicas"])
            if options["action"] != "status":
                # A running `make run` would start again what is stopped here.
                with lock_folder(place.local_dir):
                    cluster.start() if options["action"] == "up" else cluster.stop()
            status = cluster.status()
        except (ClusterError, ClusterNotReady, FolderInUse, NodeFailed, NoServerBinary) as error:
            raise CommandError(str(error)) from error
        self._print(status, as_json=options["json"])

    def _print(self, status: ClusterStatus, *, as_json: bool) -> None:
        if as_json:
            self.print_json(status.as_json())
            return
        self.stdout.write(f"{status.state}  {status.url}")
        for node in status.nodes:
            place = f"{node.name}  port {node.port}  pid {node.pid or '-'}"
            self.stdout.write(f"  {place}  {node.role or 'down':8}{node.keys} keys")
