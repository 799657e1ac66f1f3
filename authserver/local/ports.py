"""Finds out which ports are free."""

from __future__ import annotations

import random
import socket

HOST = "127.0.0.1"
BUS_OFFSET = 10_000
"""Distance between a Redis node's port and that of its cluster bus."""

# Below the range from which Linux picks ports for outgoing connections, the bus ports included.
_LOWEST, _HIGHEST = 10_000, 20_000


def is_port_free(port: int, host: str = HOST) -> bool:
    """Tell whether a server could listen on this port now."""
    with socket.socket() as probe:
        # What servers set too: connections in TIME_WAIT do not make a port busy.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def busy_cluster_ports(base_port: int, count: int) -> list[int]:
    """Return which of the ports of `count` cluster nodes, bus ports included, are taken."""
    client_ports = range(base_port, base_port + count)
    return [
        port
        for node_port in client_ports
        for port in (node_port, node_port + BUS_OFFSET)
        if not is_port_free(port)
    ]


def free_base_port(count: int) -> int:
    """Return the first of `count` adjacent ports that are free, their bus ports too.

    Chosen at random, so that two callers at the same moment hardly ever choose the same.
    """
    for _ in range(200):
        base_port = random.randrange(_LOWEST, _HIGHEST - count)  # noqa: S311  no secret
        if not busy_cluster_ports(base_port, count):
            return base_port
    raise OSError(f"no {count} adjacent free ports between {_LOWEST} and {_HIGHEST}")
