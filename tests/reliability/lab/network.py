"""A network between the nodes of a cluster and its clients that can be cut, or slow, without root.

Each node announces the address of a proxy; all others, nodes and servers, reach it only through
that. A cut is silent: nothing is refused or closed, it just does not arrive, and arrives late when
the network is whole again.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from authserver.local.node import Node
from authserver.local.ports import BUS_OFFSET, HOST, free_base_port
from tests.reliability.lab.cluster import LabCluster

_CHUNK_BYTES = 65_536
_TICK_SECONDS = 0.005

Pids = Callable[[], Iterable[int]]


def _source_address(number: int) -> str:
    """Return the address from which a node opens its connections: that is how it is known."""
    return f"127.0.0.{101 + number}"


@dataclass(eq=False)
class _Passage:
    """One connection: two sockets, and who is at its ends."""

    ends: tuple[socket.socket, socket.socket]
    parties: tuple[str, str]
    is_watched: bool = field(default=False)

    def other(self, end: socket.socket) -> socket.socket:
        return self.ends[1] if end is self.ends[0] else self.ends[0]


@dataclass(frozen=True)
class _Late:
    """What is under way, and whom it reaches when."""

    due: float
    data: bytes
    end: socket.socket
    passage: _Passage


class Network(threading.Thread):
    """Passes on what one party sends to another, unless they are on two sides of a cut."""

    def __init__(self, size: int) -> None:
        super().__init__(daemon=True)
        self.base_port = free_base_port(size)
        self._selector = selectors.DefaultSelector()
        self._servers: dict[str, Pids] = {}
        self._isolated: frozenset[str] = frozenset()
        self._slow: frozenset[str] = frozenset()
        self._seconds = 0.0
        self._late: deque[_Late] = deque()
        self._admitted: deque[_Passage] = deque()
        self._passages: set[_Passage] = set()
        self._is_over = False

    def open(self, node: Node, number: int) -> None:
        """Open the proxies of a node."""
        for offset in (0, BUS_OFFSET):
            listener = socket.create_server((HOST, self.base_port + number + offset), backlog=256)
            self._selector.register(listener, selectors.EVENT_READ, (node, offset))

    def know_server(self, name: str, pids: Pids) -> None:
        """Make a server known by the processes that it consists of."""
        self._servers[name] = pids

    def isolate(self, *names: str) -> None:
        """Let nothing pass between these and all others. Without names: whole again."""
        self._isolated = frozenset(names)

    def delay(self, seconds: float, *names: str) -> None:
        """Let what servers and these nodes send to each other arrive so late.

        Without names: in time again.
        """
        self._seconds, self._slow = seconds, frozenset(names)

    def close(self) -> None:
        self._is_over = True
        self.join(5)

    # --- The thread ---------------------------------------------------------------------------

    def run(self) -> None:
        while not self._is_over:
            while self._admitted:
                self._passages.add(self._admitted.popleft())
            for passage in list(self._passages):
                self._watch(passage)
            for key, _ in self._selector.select(_TICK_SECONDS):
                if isinstance(key.data, _Passage):
                    self._pass_on(key.fileobj, key.data)
                else:
                    self._accept(key.fileobj, *key.data)
            while self._late and self._late[0].due <= time.monotonic():
                late = self._late.popleft()
                self._deliver(late.data, late.end, late.passage)
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()

    def _watch(self, passage: _Passage) -> None:
        """Read from both ends exactly while they are on the same side."""
        is_open = len({party in self._isolated for party in passage.parties}) == 1
        if is_open != passage.is_watched:
            for end in passage.ends:
                if is_open:
                    self._selector.register(end, selectors.EVENT_READ, passage)
                else:
                    self._selector.unregister(end)
            passage.is_watched = is_open

    def _accept(self, listener: socket.socket, node: Node, offset: int) -> None:
        client, address = listener.accept()
        port = listener.getsockname()[1]
        # Beside us: to find out who that is takes longer than others may wait.
        admission = (client, address, port, node, offset)
        threading.Thread(target=self._admit, args=admission, daemon=True).start()

    def _admit(
        self, client: socket.socket, address: tuple[str, int], port: int, node: Node, offset: int
    ) -> None:
        party = self._party_at(*address, port)
        try:
            inner = socket.create_connection((HOST, node.port + offset), timeout=1)
        except OSError:
            client.close()
            return
        for end in (client, inner):
            end.settimeout(1)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._admitted.append(_Passage((client, inner), (party, node.name)))

    def _pass_on(self, end: socket.socket, passage: _Passage) -> None:
        if passage not in self._passages or not passage.is_watched:
            return  # its other end broke a moment ago
        data = b""
        with suppress(OSError):
            data = end.recv(_CHUNK_BYTES)
        other = passage.other(end)
        if data and (self._is_slow(passage) or any(late.end is other for late in self._late)):
            self._late.append(_Late(time.monotonic() + self._seconds, data, other, passage))
        else:
            self._deliver(data, other, passage)

    def _is_slow(self, passage: _Passage) -> bool:
        party, node = passage.parties
        return node in self._slow and party in self._servers

    def _deliver(self, data: bytes, end: socket.socket, passage: _Passage) -> None:
        """Hand over what was sent; nothing means that an end broke, and so does the other."""
        with suppress(OSError):
            if data:
                end.sendall(data)
                return
        if passage not in self._passages:
            return
        self._passages.discard(passage)
        for each in passage.ends:
            if passage.is_watched:
                self._selector.unregister(each)
            each.close()

    def _party_at(self, address: str, port: int, proxy_port: int) -> str:
        """Return who opened a connection; empty for anybody else."""
        if address != HOST:
            return f"node-{int(address.rpartition('.')[2]) - 100}"
        inode = _inode_of(port, proxy_port)
        for name, pids in self._servers.items():
            if any(_holds(pid, inode) for pid in pids()):
                return name
        return ""


class ProxiedCluster(LabCluster):
    """A cluster whose nodes reach each other through a network that can be cut."""

    def __init__(
        self, directory: Path, masters: int, replicas: int, node_timeout_ms: int = 2000
    ) -> None:
        super().__init__(directory, masters, replicas, node_timeout_ms)
        self.network = Network(len(self._nodes))
        for number, node in enumerate(self._nodes):
            self.network.open(node, number)
        self.network.start()

    def end(self) -> None:
        super().end()
        self.network.close()

    @property
    def url(self) -> str:
        ports = range(self.network.base_port, self.network.base_port + len(self._nodes))
        return ",".join(f"redis://{HOST}:{port}" for port in ports)

    def settings_of(self, node: Node) -> dict[str, str]:
        port = self.network.base_port + self._nodes.index(node)
        return super().settings_of(node) | {
            "bind-source-addr": _source_address(self._nodes.index(node)),
            "cluster-announce-port": str(port),
            "cluster-announce-bus-port": str(port + BUS_OFFSET),
        }

    def is_whole(self) -> bool:
        """Whole, and everybody reaches everybody through the proxies."""
        first = self.network.base_port
        proxies = {f"{HOST}:{port}" for port in range(first, first + len(self._nodes))}
        return super().is_whole() and all(
            set(node.cluster("NODES")) == proxies for node in self._nodes
        )


def _inode_of(port: int, other_port: int) -> str:
    """Return the socket at one end of a connection on loopback."""
    ends = f" 0100007F:{port:04X} 0100007F:{other_port:04X} "
    for line in Path("/proc/net/tcp").read_text().splitlines():
        if ends in line:
            return line.split()[9]
    return ""


def _holds(pid: int, inode: str) -> bool:
    with suppress(OSError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):  # closed meanwhile
                if descriptor.readlink().name == f"socket:[{inode}]":
                    return True
    return False
