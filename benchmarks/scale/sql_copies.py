"""Fills the SQLite database with copies of a client, and of a person with a consent each."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "


def fill(database: Path, client_id: str, clients: int, people: int) -> None:
    """Add copies. `client_id`: whose row is copied, and to whom the people have consented."""
    connection = sqlite3.connect(database, timeout=60)
    with connection:
        _copy(
            connection,
            "oidc_oauthclient",
            {"client_id": "lower(hex(randomblob(13)))", "client_name": "'Copy ' || i"},
            f"client_id = '{client_id}'",
            clients,
        )
        _copy(
            connection,
            "accounts_user",
            {
                "id": "lower(hex(randomblob(16)))",
                "username": "'copy-' || i",
                "email": "'copy-' || i || '@example.com'",
            },
            "username LIKE 'alice-%' LIMIT 1",
            people,
        )
        _consents(connection, client_id)
    connection.close()


def _copy(
    connection: sqlite3.Connection, table: str, changes: Mapping[str, str], where: str, count: int
) -> None:
    """Insert copies of one row, with expressions (of the number `i`) for some columns."""
    rows = connection.execute(f"PRAGMA table_info({table})").fetchall()
    columns = [name for _, name, kind, *_ in rows if not _counts_by_itself(name, kind, changes)]
    values = [changes.get(name, f'one."{name}"') for name in columns]
    names = ", ".join(f'"{name}"' for name in columns)
    connection.execute(
        f"INSERT INTO {table} ({names}) {_NUMBERS.format(count=count)}"
        f"SELECT {', '.join(values)} FROM n, (SELECT * FROM {table} WHERE {where}) AS one"
    )


def _counts_by_itself(name: str, kind: str, changes: Mapping[str, str]) -> bool:
    return name == "id" and "INT" in kind.upper() and name not in changes


def _consents(connection: sqlite3.Connection, client_id: str) -> None:
    rows = connection.execute("PRAGMA table_info(oidc_consent)").fetchall()
    columns = [name for _, name, kind, *_ in rows if not _counts_by_itself(name, kind, {})]
    values = ["person.id" if name == "user_id" else f'one."{name}"' for name in columns]
    names = ", ".join(f'"{name}"' for name in columns)
    connection.execute(
        f"INSERT INTO oidc_consent ({names}) SELECT {', '.join(values)} "
        "FROM accounts_user AS person, "
        f"(SELECT * FROM oidc_consent WHERE client_id = ? LIMIT 1) AS one "
        "WHERE person.username LIKE 'copy-%'",
        (client_id,),
    )
