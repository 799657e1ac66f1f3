"""What the environment says about a local run.

The server reads its settings by itself (`authserver.settings`); here is what has to be known
before it exists, and what the servers beside it need.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from authserver.issuer import validated_issuer

BASE_DIR = Path(__file__).resolve().parents[2]


class BadOptions(Exception):
    """A variable has no meaning. The text names it."""


@dataclass(frozen=True)
class Options:
    """`redis_url` empty: a local cluster. `secret_key_given`: nothing to generate."""

    local_dir: Path
    port: int
    sample_app_port: int
    issuer: str
    redis_url: str
    secret_key_given: bool

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Options:
        """Read and check them.

        Raises:
            BadOptions: a port is not one, both are the same, or the issuer cannot be one.
        """
        port = _port(environment, "PORT", 8000)
        sample_app_port = _port(environment, "SAMPLE_APP_PORT", 8001)
        if port == sample_app_port:
            raise BadOptions(f"PORT and SAMPLE_APP_PORT are both {port}; they must differ.")
        issuer = environment.get("GATEHOUSE_ISSUER") or f"http://localhost:{port}"
        try:
            validated_issuer(issuer)
        except ImproperlyConfigured as error:
            raise BadOptions(str(error)) from error
        return cls(
            local_dir=Path(environment.get("GATEHOUSE_LOCAL_DIR") or BASE_DIR / ".local"),
            port=port,
            sample_app_port=sample_app_port,
            issuer=issuer,
            redis_url=environment.get("REDIS_URL", ""),
            secret_key_given=bool(environment.get("SECRET_KEY")),
        )

    @property
    def sample_app_url(self) -> str:
        return f"http://localhost:{self.sample_app_port}"

    @property
    def cluster_dir(self) -> Path:
        return self.local_dir / "cluster"

    @property
    def demo_path(self) -> Path:
        return self.local_dir / "demo.json"


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise BadOptions(f"{name}={text} is not a port: a number from 1 to 65535.")
    return int(text)
