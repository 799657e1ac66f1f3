"""The cluster as an operator sees it: every node, directly, with all rights."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.connection import SSLConnection, parse_url

SLOTS = 16_384
WAIT_SECONDS = 60.0


class StepFailed(Exception):
    """A step was not possible. The text says why; `status` shows how far it came."""


@dataclass(frozen=True)
class Member:
    """A line of `CLUSTER NODES`. `master_id`: whom it follows, empty for a master."""

    node_id: str
    address: str
    master_id: str
    is_down: bool
    slots: tuple[int, ...]

    @property
    def is_master(self) -> bool:
        return not self.master_id


class View:
    """Connections to the nodes. `url`: one node, as in `REDIS_URL`, but as the operator's user."""

    def __init__(self, url: str) -> None:
        try:
            self._options: dict[str, Any] = parse_url(url.partition(",")[0].strip())
            self._seed = f"{self._options.pop('host')}:{self._options.pop('port', 6379)}"
        except (ValueError, TypeError, KeyError):  # whose text may have the password
            raise StepFailed(
                "OPERATOR_REDIS_URL must be rediss://user:password@host:port, or redis://"
            ) from None
        if self._options.pop("connection_class", None) is SSLConnection:
            self._options["ssl"] = True
        self._connections: dict[str, Any] = {}

    def node(self, address: str) -> Any:
        """Return the connection to a node, `<host>:<port>`."""
        if address not in self._connections:
            host, _, port = address.rpartition(":")
            if not host or not port.isdecimal():
                raise StepFailed(f"{address} is not the address of a node: write host:port")
            try:
                self._connections[address] = Redis(
                    host=host, port=int(port), protocol=2, decode_responses=True,
                    socket_timeout=10, **self._options,
                )  # fmt: skip
            except TypeError as error:
                raise StepFailed(f"OPERATOR_REDIS_URL has an unknown option: {error}") from error
        return self._connections[address]

    def cluster(self, address: str, *command: str | int) -> Any:
        return self.node(address).execute_command("CLUSTER", *command)

    def credentials(self) -> list[str]:
        """Return what `MIGRATE` needs to speak to another node."""
        password = self._options.get("password")
        if not password:
            return []
        return ["AUTH2", self._options.get("username") or "default", password]

    def members(self, seen_by: str = "") -> list[Member]:
        """Return all members, as one node sees them."""
        lines = self.node(seen_by or self._seed).execute_command("CLUSTER NODES")
        return [_member(address, values) for address, values in lines.items()]

    def member(self, address: str) -> Member:
        found = next((each for each in self.members() if each.address == address), None)
        if found is None:
            raise StepFailed(f"{address} is not a member of the cluster")
        return found

    def masters(self) -> list[Member]:
        """Return the masters that own slots."""
        return [each for each in self.members() if each.is_master and each.slots]

    def living(self) -> list[Member]:
        return [each for each in self.members() if not each.is_down]

    def wait_until_agreed(self) -> None:
        """Wait until all nodes see the same owners of all slots, and nobody is down."""
        wait_for(self._agree, "the nodes do not agree about the slots")

    def _agree(self) -> bool:
        views = {
            tuple(sorted((m.node_id, m.master_id, m.slots) for m in self.members(each.address)))
            for each in self.living()
        }
        owned = sum(len(each.slots) for each in self.masters())
        return len(views) == 1 and owned == SLOTS


def _member(address: str, values: dict[str, Any]) -> Member:
    flags = values["flags"].split(",")
    ranges = [each for each in values["slots"] if each]
    slots = [slot for each in ranges for slot in range(int(each[0]), int(each[-1]) + 1)]
    return Member(
        node_id=values["node_id"],
        address=address.partition("@")[0].partition(",")[0],
        master_id="" if values["master_id"] == "-" else values["master_id"],
        is_down=bool({"fail", "fail?", "noaddr"} & set(flags)),
        slots=tuple(slots),
    )


def wait_for(condition: Callable[[], bool], problem: str) -> None:
    """Ask again and again.

    Raises:
        StepFailed: not true in time.
    """
    if not eventually(condition, WAIT_SECONDS):
        raise StepFailed(problem)


def eventually(condition: Callable[[], bool], seconds: float) -> bool:
    """Ask again and again; tell whether it became true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@contextmanager
def told(step: str) -> Iterator[None]:
    """Say what is being done, and that it is done."""
    print(f"{step} ... ", end="", flush=True)
    try:
        yield
    except BaseException:
        print("not done", flush=True)
        raise
    print("done", flush=True)
