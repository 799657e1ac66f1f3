"""Queries of the protocol's every request: their SQL is made once.

To build the SQL of one row by its key takes Django several times as long as the database needs to
answer it, and to make an object of the row takes longer still.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Field, Model


class PreparedQuery:
    """SELECT columns of the one row that has given values in other columns.

    `where` and `columns` are names of fields; a relation's is its column (`user_id`).
    """

    def __init__(self, model: type[Model], *, where: Sequence[str], columns: Sequence[str]) -> None:
        self._model = model
        self._where = where
        self._columns = columns

    def find(self, *values: object) -> tuple[Any, ...] | None:
        """Return the columns of the row with these values, as the ORM would, or None.

        Raises what a query raises where the database does not answer.
        """
        connection = connections[DEFAULT_DB_ALIAS]
        parameters = [
            field.get_db_prep_value(value, connection)
            for field, value in zip(self._conditions, values, strict=True)
        ]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, parameters)
            row = cursor.fetchone()
        if row is None:
            return None
        found = list(row)
        for index, column, convert in self._converters:
            found[index] = convert(found[index], column, connection)
        return tuple(found)

    @cached_property
    def _conditions(self) -> list[Field[Any, Any]]:
        return [self._field(name) for name in self._where]

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
            for column in [field.get_col(self._model._meta.db_table)]
            for convert in (
                *connection.ops.get_db_converters(column),
                *field.get_db_converters(connection),
            )
        ]

    def _field(self, name: str) -> Field[Any, Any]:
        fields = {field.attname: field for field in self._model._meta.concrete_fields}
        return fields[name]


def _column_of(field: Field[Any, Any]) -> str:
    return str(field.column)  # only a field without a column has none
