"""`cluster.json`: what a cluster's directory holds, for settings, people and the next start."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from authserver.local.files import DamagedFile


@dataclass(frozen=True)
class Description:
    """`url`: the seeds, as `REDIS_URL` wants them. `base_port`: the first node's.

    `server`: the program whose data these are. Another one, or an older one, may not read them.
    """

    url: str
    masters: int
    replicas: int
    base_port: int
    server: str = ""

    @classmethod
    def find(cls, directory: Path) -> Description | None:
        """Return the description of the cluster in a directory, if one was ever formed there.

        Raises:
            DamagedFile: there is one that cannot be read.
        """
        try:
            return cls(**json.loads(_path(directory).read_text()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise DamagedFile(_path(directory)) from error

    def write(self, directory: Path) -> None:
        """Leave it in the directory; the file appears whole or not at all."""
        unfinished = _path(directory).with_suffix(".tmp")
        unfinished.write_text(json.dumps(asdict(self), indent=2) + "\n")
        unfinished.replace(_path(directory))


def _path(directory: Path) -> Path:
    return directory / "cluster.json"
