"""Queries of the protocol's every request: their SQL is made once.

To build the SQL of one row by its key takes Django several times as long as the database needs to
answer it, and to make an object of the row takes longer still.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import cached_property
from types import MappingProxyType
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Model


class PreparedQuery:
    """SELECT columns of the one row that has given values in other columns.

    `where` and `columns` are names of fields; a relation's is its column (`user_id`).
    `read`: what turns the database's values of some columns into Python's, instead of their fields.
    """

    def __init__(
        self,
        model: type[Model],
        *,
        where: Sequence[str],
        columns: Sequence[str],
        read: Mapping[str, Callable[[Any], Any]] = MappingProxyType({}),
    ) -> None:
        self._model = model
        self._where = where
        self._columns = columns
        self._read = read

    def find(self, *values: object) -> tuple[Any, ...] | None:
        """Return the columns of the row with these values, as the ORM would, or None.

        Raises what a query raises where the database does not answer.
        """
        connection = connections[DEFAULT_DB_ALIAS]
        parameters = [
            field.get_db_prep_value(value, connection)
            for field, value in zip(self._compared, values, strict=True)
        ]
        row = _first_row(connection, self._sql, parameters)
        if row is None:
            return None
        found = list(row)
        for index, column, convert in self._converters:
            found[index] = convert(found[index], column, connection)
        for index, read in self._readers:
            found[index] = read(found[index])
        return tuple(found)

    @cached_property
    def _conditions(self) -> list[Field[Any, Any]]:
        return [self._field(name) for name in self._where]

    @cached_property
    def _compared(self) -> list[Field[Any, Any]]:
        """The fields that know the values of the conditions: of a relation, what it points to."""
        return [getattr(field, "target_field", field) for field in self._conditions]

    @cached_property
    def _sql(self) -> str:
        quote = connections[DEFAULT_DB_ALIAS].ops.quote_name
        columns = ", ".join(quote(_column_of(self._field(name))) for name in self._columns)
        conditions = " AND ".join(f"{quote(_column_of(field))} = %s" for field in self._conditions)
        table = quote(self._model._meta.db_table)
        return f"SELECT {columns} FROM {table} WHERE {conditions} LIMIT 1"  # noqa: S608

    @cached_property
    def _converters(self) -> list[tuple[int, Any, Callable[..., Any]]]:
        """What turns the database's values into Python's: position, column, and function."""
        connection = connections[DEFAULT_DB_ALIAS]
        return [
            (index, column, convert)
            for index, field in enumerate(map(self._field, self._columns))
            if field.attname not in self._read
            for column in [field.get_col(self._model._meta.db_table)]
            for convert in (
                *connection.ops.get_db_converters(column),
                *field.get_db_converters(connection),
            )
        ]

    @cached_property
    def _readers(self) -> list[tuple[int, Callable[[Any], Any]]]:
        return [(self._columns.index(name), read) for name, read in self._read.items()]

    def _field(self, name: str) -> Field[Any, Any]:
        fields = {field.attname: field for field in self._model._meta.concrete_fields}
        return fields[name]


def _first_row(
    connection: BaseDatabaseWrapper, sql: str, parameters: list[Any]
) -> tuple[Any, ...] | None:
    """Do what Django's cursor would, without the layers for those who look on.

    They take more than half of the time. If somebody does look on (a log of queries,
    `execute_wrapper`), they are there.
    """
    row: tuple[Any, ...] | None
    if connection.queries_logged or connection.execute_wrappers:
        with connection.cursor() as watched:
            watched.execute(sql, parameters)
            row = watched.fetchone()
        return row
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors, closing(connection.create_cursor()) as cursor:
        connection.validate_no_broken_transaction()
        if connection.vendor == "sqlite":
            # Django's class translates the placeholders first, which takes as long as the query.
            sqlite3.Cursor.execute(cursor, sql.replace("%s", "?"), parameters)
        else:
            cursor.execute(sql, parameters)
        row = cursor.fetchone()
    return row


def _column_of(field: Field[Any, Any]) -> str:
    return str(field.column)  # only a field without a column has none
