"""Statements that both databases understand."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase

T = TypeVar("T")
MANY = 5000
"""So many values stand in one statement; more are asked for in turns."""


def insert(connection: Connection, table: type[DeclarativeBase]) -> Any:
    """Into the table, with the clauses for conflicts that both databases share."""
    dialect: Callable[..., Insert] = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return dialect(table)


def insert_new(connection: Connection, table: type[DeclarativeBase], rows: Sequence[dict[str, Any]]) -> None:
    """Those rows whose key is not there yet."""
    if rows:
        connection.execute(insert(connection, table).on_conflict_do_nothing(), list(rows))


def in_turns(values: Iterable[T], size: int = MANY) -> Iterator[list[T]]:
    listed = list(values)
    for begin in range(0, len(listed), size):
        yield listed[begin : begin + size]
