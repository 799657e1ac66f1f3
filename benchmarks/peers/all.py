"""Every server that is compared, in the order of the table."""

from __future__ import annotations

from benchmarks.peers.base import Peer
from benchmarks.peers.django_peers import Allauth, Toolkit
from benchmarks.peers.gatehouse import Gatehouse
from benchmarks.peers.limit import Limit
from benchmarks.peers.node_oidc_provider import NodeOidcProvider

SERVERS: dict[str, type[Peer]] = {
    peer.name: peer for peer in (Gatehouse, Limit, NodeOidcProvider, Toolkit, Allauth)
}
