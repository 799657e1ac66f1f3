"""A cluster as in production: TLS only, client certificates, a user with the fewest rights."""

from __future__ import annotations

import secrets
from pathlib import Path
from urllib.parse import quote

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from authserver.local.node import Node
from authserver.local.ports import HOST
from oidc.stores.redis.access import user_line
from tests.reliability.lab.cluster import LabCluster
from tests.support.certificates import Authority


class Access:
    """Certificates and users: the files that every node of a cluster is started with."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.authority = Authority(folder)
        self.users = folder / "users.acl"
        self.password, self._operator_password = secrets.token_urlsafe(), secrets.token_urlsafe()
        self.new_certificates()
        self.write_users(user_line("gatehouse", [self.password]))

    def new_certificates(self) -> None:
        for name in ("server", "client"):
            self.authority.issue(name)

    def write_users(self, line: str) -> None:
        operator = f"user operator on >{self._operator_password} ~* &* +@all"
        self.users.write_text(f"user default off\n{operator}\n{line}\n")

    def url(self, port: int) -> str:
        """Return the `REDIS_URL` of the server."""
        return self._url("gatehouse", self.password, port)

    def operator_url(self, port: int) -> str:
        return self._url("operator", self._operator_password, port)

    def settings(self) -> dict[str, str]:
        """Return what production's `redis.conf` says about it."""
        folder = self.authority.folder
        return {
            "port": "0",
            "tls-cert-file": str(folder / "server.pem"),
            "tls-key-file": str(folder / "server.key"),
            "tls-ca-cert-file": str(self.authority.certificate),
            "tls-auth-clients": "yes",
            "tls-replication": "yes",
            "tls-cluster": "yes",
            "aclfile": str(self.users),
            "masteruser": "operator",
            "masterauth": self._operator_password,
        }

    def _url(self, user: str, password: str, port: int) -> str:
        files = {
            "ssl_ca_certs": self.authority.certificate,
            "ssl_certfile": self.authority.folder / "client.pem",
            "ssl_keyfile": self.authority.folder / "client.key",
        }
        query = "&".join(f"{name}={path}" for name, path in files.items())
        return f"rediss://{user}:{quote(password, safe='')}@{HOST}:{port}?{query}"


class SecuredNode(Node):
    """A node that is administered as `operator`, over TLS."""

    def __init__(self, directory: Path, port: int, access: Access) -> None:
        super().__init__(directory, port)
        self._access = access

    def client(self) -> Redis:
        if self._client is None or self._client.get_connection_kwargs()["port"] != self.port:
            self._client = Redis.from_url(
                self._access.operator_url(self.port),
                protocol=2,
                socket_timeout=5,
                decode_responses=True,
                retry=Retry(NoBackoff(), 0),
            )
        return self._client


class SecuredCluster(LabCluster):
    """Nobody speaks to it without a certificate, and the server may do what it needs."""

    def __init__(
        self, directory: Path, masters: int, replicas: int, node_timeout_ms: int = 2000
    ) -> None:
        self.access = Access(directory / "access")
        super().__init__(directory, masters, replicas, node_timeout_ms)
        self._settings |= self.access.settings()

    def server_url(self, port: int) -> str:
        return self.access.url(port)

    def operator_url(self) -> str:
        return self.access.operator_url(self.living_node().port)

    def _place_nodes(self, base_port: int) -> list[Node]:
        count = self.masters * (1 + self.replicas)
        return [
            SecuredNode(self.directory / f"node-{n + 1}", base_port + n, self.access)
            for n in range(count)
        ]

    def settings_of(self, node: Node) -> dict[str, str]:
        return super().settings_of(node) | {"tls-port": str(node.port)}
