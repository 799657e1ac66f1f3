"""A node with the settings of production: TLS only, client certificates, users with few rights.

It owns all slots, so it is a whole cluster.
"""

from __future__ import annotations

import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from redis import Redis
from redis.exceptions import RedisError

from authserver.local.ports import HOST, free_base_port
from authserver.local.server_binary import find_server_binary
from tests.support.certificates import Authority

PRODUCTION = Path(__file__).resolve().parents[2] / "deploy/redis/redis.conf"
OPERATOR_PASSWORD = "the-operator's"
_NO_TLS = ("Bad directive", "Failed finding TLS support")


@dataclass
class SecuredNode:
    """A running node, and the files that it has been started with."""

    folder: Path
    port: int
    authority: Authority
    server: subprocess.Popen[bytes]

    @property
    def users(self) -> Path:
        return self.folder / "users.acl"

    def url(self, password: str, certificate: str = "client", user: str = "gatehouse") -> str:
        """Return the `REDIS_URL` of a server with this password and client certificate."""
        files = {
            "ssl_ca_certs": self.authority.certificate,
            "ssl_certfile": self.authority.folder / f"{certificate}.pem",
            "ssl_keyfile": self.authority.folder / f"{certificate}.key",
        }
        query = "&".join(f"{name}={path}" for name, path in files.items())
        return f"rediss://{user}:{quote(password, safe='')}@{HOST}:{self.port}?{query}"

    def client(self, user: str, password: str) -> Any:
        return Redis.from_url(self.url(password, user=user), protocol=2, decode_responses=True)

    def operator(self) -> Any:
        return self.client("operator", OPERATOR_PASSWORD)

    def presented_certificate(self) -> str:
        """Return the certificate that a new connection is shown."""
        certificate, key = (self.authority.folder / f"client.{kind}" for kind in ("pem", "key"))
        context = ssl.create_default_context(cafile=str(self.authority.certificate))
        context.load_cert_chain(certificate, key)
        with (
            socket.create_connection((HOST, self.port), 5) as plain,
            context.wrap_socket(plain, server_hostname=HOST) as connection,
        ):
            return ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True) or b"")

    def write_users(self, line: str) -> None:
        """Write the file of users. The node reads it when it starts, and by `ACL LOAD`."""
        self.users.write_text(
            f"user default off\nuser operator on >{OPERATOR_PASSWORD} ~* &* +@all\n{line}\n"
        )

    def own_all_slots(self) -> None:
        deadline = time.monotonic() + 10
        while True:
            if self.server.poll() is not None:
                log = (self.folder / "server.log").read_text()
                if any(each in log for each in _NO_TLS):
                    pytest.skip("this server was built without TLS")
                raise AssertionError(log)
            try:
                self.operator().execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
                break
            except RedisError:
                assert time.monotonic() < deadline
                time.sleep(0.02)
        while self.operator().execute_command("CLUSTER INFO")["cluster_state"] != "ok":
            assert time.monotonic() < deadline
            time.sleep(0.02)


@contextmanager
def secured_node(folder: Path, user_line: str) -> Iterator[SecuredNode]:
    """Run a node until the block ends."""
    authority = Authority(folder)
    certificate, key = authority.issue("server")
    authority.issue("client")
    port = free_base_port(1)
    settings = {
        "include": PRODUCTION, "tls-port": port, "tls-cert-file": certificate, "tls-key-file": key,
        "tls-ca-cert-file": authority.certificate, "aclfile": folder / "users.acl",
        "cluster-announce-ip": HOST, "bind": HOST, "dir": folder, "save": '""',
    }  # fmt: skip
    (folder / "server.conf").write_text("".join(f"{k} {v}\n" for k, v in settings.items()))
    node = SecuredNode(folder, port, authority, server=None)  # type: ignore[arg-type]
    node.write_users(user_line)
    with (folder / "server.log").open("wb") as log:
        node.server = subprocess.Popen(
            [find_server_binary(), folder / "server.conf"], stdout=log, stderr=log
        )
    try:
        node.own_all_slots()
        yield node
    finally:
        node.server.terminate()
        node.server.wait(10)
