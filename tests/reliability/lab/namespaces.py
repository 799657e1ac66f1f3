"""A network of namespaces that can be cut: where root is there, see `may_be_made`.

Each node and each server lives in a network namespace of its own, plugged into one of two switches:
who is cut off is plugged into the other one. So it is the kernel's own network that breaks, with
all that it does then: nothing is refused, packets are repeated, addresses are forgotten.

We have a port in both switches. Everything hangs on processes that end with us, however we end, and
is gone then.
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from authserver.local.node import Node
from authserver.local.parent import end_with_parent_process
from tests.reliability.lab.cluster import LabCluster
from tests.reliability.lab.waiting import await_that

_MOST_PARTIES = 250
_OURS = 254
WHOLE, CUT_OFF = "whole", "cut-off"
"""The two switches."""


class Namespace:
    """A network namespace, for as long as we live."""

    def __init__(self) -> None:
        own = Path("/proc/self/ns/net").readlink()
        self._holder = subprocess.Popen(
            ["unshare", "--net", "sleep", "infinity"], preexec_fn=end_with_parent_process
        )
        self._path = Path(f"/proc/{self._holder.pid}/ns/net")
        await_that(lambda: self._path.readlink() != own, "there is no namespace")

    @property
    def pid(self) -> str:
        """A process in it, by which others know it."""
        return str(self._holder.pid)

    def entered(self) -> list[str]:
        """Return what lets a command run in it, as the same process."""
        return ["nsenter", f"--net={self._path}"]

    def ip(self, *lines: str) -> None:
        _run([*self.entered(), "ip", "-batch", "-"], lines)

    def close(self) -> None:
        self._holder.kill()
        self._holder.wait()


class Namespaces:
    """Parties by name, each with an address, and who of them is cut off.

    The addresses are those that nobody has: they are for measuring networks (RFC 2544).
    """

    def __init__(self) -> None:
        self._net = _free_net()
        self._parties: dict[str, Namespace] = {}
        self._cut_off: frozenset[str] = frozenset()
        self._switches = Namespace()
        self._ports = {switch: f"gh{self._switches.pid}{switch[0]}" for switch in (WHOLE, CUT_OFF)}
        self._make_switches()

    def _make_switches(self) -> None:
        mac = "02:00:00:00:00:fe"
        for switch, port in self._ports.items():
            self._switches.ip(f"link add {switch} type bridge", f"link set {switch} up")
            _ip(f"link add {port} address {mac} type veth peer name us netns {self._switches.pid}")
            self._switches.ip(
                f"link set us name us-{switch} master {switch}", f"link set us-{switch} up"
            )
            length = 24 if switch == WHOLE else 32
            _ip(f"addr add {self._net}.{_OURS}/{length} dev {port}", f"link set {port} up")

    def add(self, name: str) -> str:
        """Make a namespace for somebody. Returns the address in it."""
        number = len(self._parties) + 1
        assert number <= _MOST_PARTIES
        party = self._parties[name] = Namespace()
        self._switches.ip(
            f"link add to-{number} type veth peer name eth0 netns {party.pid}",
            f"link set to-{number} master {WHOLE}",
            f"link set to-{number} up",
        )
        address = f"{self._net}.{number}"
        party.ip(f"addr add {address}/24 dev eth0", "link set eth0 up", "link set lo up")
        return address

    def entered(self, name: str) -> list[str]:
        """Return what lets a command run where somebody lives."""
        return self._parties[name].entered()

    def isolate(self, *names: str) -> None:
        """Let nothing pass between these and all others. Without names: whole again."""
        wanted = frozenset(names)
        for number, name in enumerate(self._parties, start=1):
            address, port = f"{self._net}.{number}", self._ports[CUT_OFF]
            if name in wanted - self._cut_off:
                self._switches.ip(f"link set to-{number} master {CUT_OFF}")
                _ip(f"route add {address}/32 dev {port} src {self._net}.{_OURS}")
            if name in self._cut_off - wanted:
                self._switches.ip(f"link set to-{number} master {WHOLE}")
                _ip(f"route del {address}/32 dev {port}")
        self._cut_off = wanted

    def close(self) -> None:
        for namespace in (*self._parties.values(), self._switches):
            namespace.close()


class NamespacedCluster(LabCluster):
    """A cluster whose nodes live in namespaces."""

    def __init__(
        self, directory: Path, masters: int, replicas: int, node_timeout_ms: int = 2000
    ) -> None:
        super().__init__(directory, masters, replicas, node_timeout_ms)
        self.network = Namespaces()
        for node in self._nodes:
            node.host = self.network.add(node.name)

    def end(self) -> None:
        super().end()
        self.network.close()

    def settings_of(self, node: Node) -> dict[str, str]:
        return super().settings_of(node) | {
            "bind": node.host,
            "protected-mode": "no",
            "cluster-announce-ip": node.host,
        }

    def add_server(self, name: str) -> str:
        return self.network.add(name)

    def inside_of(self, name: str) -> Sequence[str]:
        return self.network.entered(name)


@lru_cache(maxsize=1)
def may_be_made() -> bool:
    """Tell whether we may make namespaces and switches, and have the programs for it."""
    try:
        _run(["unshare", "--net", "ip", "-batch", "-"], ["link add switch type bridge"])
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _free_net() -> str:
    """Return the beginning of addresses that no other network of ours has."""
    taken = subprocess.run(["ip", "-4", "-oneline", "addr"], capture_output=True, text=True).stdout
    nets = [f"198.18.{number}" for number in range(256)]
    return random.choice([net for net in nets if f" {net}.{_OURS}/" not in taken])


def _ip(*lines: str) -> None:
    _run(["ip", "-batch", "-"], lines)


def _run(command: list[str], lines: Iterable[str]) -> None:
    text = "\n".join(lines) + "\n"
    subprocess.run(command, input=text, text=True, capture_output=True, check=True)
