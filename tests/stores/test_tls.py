"""A cluster as in production: TLS, and a user who may do no more than the stores need."""

from __future__ import annotations

import datetime
import ipaddress
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.cache import cache
from redis import Redis
from redis.exceptions import RedisError

from authserver.local.ports import free_base_port
from authserver.local.server_binary import find_server_binary
from oidc.errors import StoreUnavailable
from tests.stores.conftest import StoresOn
from tests.stores.people import Person, new_id

PASSWORD = "p,w@/%"
USER = (
    f"user gatehouse on >{PASSWORD} ~* resetchannels -@all +@read +@write +@scripting "
    "-@dangerous +wait +time +ping +command +asking +cluster|slots"
)


@pytest.fixture(scope="module")
def tls_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("tls")
    certificate, key = _self_signed(folder)
    port = free_base_port(1)
    (folder / "users.acl").write_text(f"user default on >admin ~* &* +@all\n{USER}\n")
    settings = {
        "port": "0", "tls-port": port, "tls-cert-file": certificate, "tls-key-file": key,
        "tls-ca-cert-file": certificate, "tls-auth-clients": "no", "tls-cluster": "yes",
        "tls-replication": "yes", "cluster-enabled": "yes", "cluster-announce-ip": "127.0.0.1",
        "bind": "127.0.0.1", "dir": folder, "aclfile": folder / "users.acl", "save": '""',
    }  # fmt: skip
    (folder / "server.conf").write_text("".join(f"{k} {v}\n" for k, v in settings.items()))
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [find_server_binary(), folder / "server.conf"], stdout=log, stderr=log
        )
    try:
        _own_all_slots(server, folder, port, certificate)
        yield (
            f"rediss://gatehouse:{quote(PASSWORD, safe='')}@127.0.0.1:{port}"
            f"?ssl_ca_certs={certificate}"
        )
    finally:
        server.terminate()
        server.wait(10)


def _self_signed(folder: Path) -> tuple[Path, Path]:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "redis")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "cert.pem", folder / "key.pem"


def _own_all_slots(server: Any, folder: Path, port: int, certificate: Path) -> None:
    admin = Redis(
        host="127.0.0.1", port=port, ssl=True, ssl_ca_certs=str(certificate), password="admin"
    )
    deadline = time.monotonic() + 10
    while True:
        if server.poll() is not None:
            log = (folder / "server.log").read_text()
            if "Bad directive" in log or "Failed finding TLS support" in log:
                pytest.skip("this server was built without TLS")
            raise AssertionError(log)
        try:
            admin.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            break
        except RedisError:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    while admin.execute_command("CLUSTER INFO")["cluster_state"] != "ok":
        time.sleep(0.02)
    admin.close()


def test_stores_and_cache_work_over_tls_with_few_rights(tls_url: str, stores_on: StoresOn) -> None:
    with stores_on(tls_url):
        person = Person()
        grant = person.open_grant()
        assert grant.rotate(0).generation == 1
        assert grant.find() == grant.grant
        name = new_id()
        cache.set(name, {"a": 1}, 10)
        assert cache.get_many([name]) == {name: {"a": 1}}
        assert cache.incr(f"{name}-n", ignore_key_check=True) == 1
        cache.clear()
        assert cache.get(name) is None


@pytest.mark.parametrize("change", [("gatehouse:", "nobody:"), ("p%2C", "q%2C")])
def test_a_wrong_user_or_password_is_unavailable_and_never_shown(
    tls_url: str, stores_on: StoresOn, change: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with (
        stores_on(tls_url.replace(*change), redis_deadline_seconds=0.3),
        pytest.raises(StoreUnavailable) as unavailable,
    ):
        Person().sign_in()
    assert PASSWORD not in caplog.text + str(unavailable.value)


def test_an_unknown_certificate_is_refused(tls_url: str, stores_on: StoresOn) -> None:
    with (
        stores_on(tls_url.partition("?")[0], redis_deadline_seconds=0.3),
        pytest.raises(StoreUnavailable),
    ):
        Person().sign_in()
