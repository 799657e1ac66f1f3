"""Clients as tables on a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import OutputWrapper
from rich.console import Console
from rich.table import Table
from rich.text import Text

from oidc.clients.client_secrets import needs_secret
from oidc.clients.metadata import client_as_rfc7591
from oidc.models.client import OAuthClient


def client_list(output: OutputWrapper, clients: Iterable[OAuthClient]) -> None:
    """Print one line for each client."""
    table = Table("Name")
    table.add_column("Client ID", no_wrap=True, min_width=26)
    for title in ("Profile", "State", "Created"):
        table.add_column(title)
    for client in clients:
        table.add_row(
            Text(client.client_name),
            Text(client.client_id),
            client.profile,
            "active" if client.is_active else "disabled",
            f"{client.created_at:%Y-%m-%d}",
        )
    _print(output, table)


def client_table(output: OutputWrapper, client: OAuthClient, client_secret: str | None) -> None:
    """Print everything about a client. A secret comes last, on a line of its own, to be copied."""
    table = Table("Member", "Value", show_header=False)
    for member, value in client_as_rfc7591(client).items():
        table.add_row(member, Text(_readable(member, value), overflow="fold"))
    table.add_row("state", "active" if client.is_active else "disabled")
    if needs_secret(client):
        table.add_row("secrets", "\n".join(map(_describe, client.client_secrets)) or "none yet")
    _print(output, table)
    if client_secret is not None:
        output.write(f"client_id      {client.client_id}")
        output.write(f"client_secret  {client_secret}")
        output.write("The secret is shown this once and stored nowhere. Keep it now.")


def _print(output: OutputWrapper, table: Table) -> None:
    # Text objects everywhere: names may have brackets, which rich would take for markup.
    Console(file=output, highlight=False).print(table)  # type: ignore[arg-type]


def _readable(member: str, value: Any) -> str:
    if member.endswith("_issued_at"):
        return _readable_time(value)
    if isinstance(value, list):
        return "\n".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value)


def _describe(secret: dict[str, Any]) -> str:
    created = f"created {_readable_time(secret['created_at'])}"
    if not secret["expires_at"]:
        return created
    return f"{created}, valid until {_readable_time(secret['expires_at'])}"


def _readable_time(epoch_seconds: int) -> str:
    return f"{datetime.fromtimestamp(epoch_seconds, UTC):%Y-%m-%d %H:%M} UTC"
