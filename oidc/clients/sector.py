"""Which clients know a person by the same pairwise `sub`: those of one sector.

Spec: OpenID Connect Core 1.0 section 8.1.
"""

from __future__ import annotations

from collections.abc import Iterable

from accounts.split_url import find_host


def hosts_of(uris: Iterable[str]) -> set[str]:
    """Return the host components of some URIs; "" stands for one without."""
    return {find_host(uri) for uri in uris}
