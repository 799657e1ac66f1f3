"""A seed address that stays the same while the nodes behind it move, as a service name does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence

from authserver.local.ports import HOST

_CONNECT_SECONDS = 0.3


class Seed:
    """Passes connections on to the first node that accepts them."""

    def __init__(self, ports: Callable[[], Sequence[int]]) -> None:
        self._ports = ports
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        for port in self._ports():
            try:
                node = socket.create_connection((HOST, port), _CONNECT_SECONDS)
            except OSError:
                continue
            node.settimeout(None)
            threading.Thread(target=_pump, args=(node, client), daemon=True).start()
            _pump(client, node)
            return
        client.close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass  # either end broke: so does the other
    finally:
        for end in (source, target):
            end.close()
