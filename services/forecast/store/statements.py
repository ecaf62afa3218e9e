"""Statements that both databases understand, and the moments in them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import Connection, Insert
from sqlalchemy import select as select_from
from sqlalchemy.dialects import postgresql, sqlite

from services.forecast.known import Moment, Moments
from services.forecast.store.tables import Label, LevelSet, Table

T = TypeVar("T")
MANY = 5000
"""So many values stand in one statement; more are asked for in turns."""
BEGINNING, END = -(2**40), 2**40
"""Moments before and after all others, in seconds: 35,000 years."""


def seconds(moment: Moment | None, otherwise: int = END) -> int:
    """As the tables have it."""
    return otherwise if moment is None else int(moment.astype("datetime64[s]").astype(np.int64))


def moments(since_1970_s: Any) -> Moments:
    return np.asarray(since_1970_s, dtype=np.int64).astype("datetime64[s]")


def moment_at(since_1970_s: int) -> Moment:
    return np.datetime64(int(since_1970_s), "s")


def insert(connection: Connection, table: type[Table]) -> Any:
    """Into the table, with the clauses for conflicts that both databases share."""
    dialect: Callable[..., Insert] = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return dialect(table)


def insert_new(connection: Connection, table: type[Table], rows: Sequence[dict[str, Any]]) -> None:
    """Those rows whose key is not there yet."""
    if rows:
        connection.execute(insert(connection, table).on_conflict_do_nothing(), list(rows))


def in_turns(values: Iterable[T], size: int = MANY) -> Iterator[list[T]]:
    listed = list(values)
    for begin in range(0, len(listed), size):
        yield listed[begin : begin + size]


def identities(connection: Connection, table: type[Label] | type[LevelSet], texts: Iterable[str]) -> dict[str, int]:
    """The row of each text; new ones are added."""
    wanted = sorted(set(texts))
    found = _found(connection, table, wanted)
    missing = [text for text in wanted if text not in found]
    if missing:
        insert_new(connection, table, [{"text": text} for text in missing])
        found |= _found(connection, table, missing)
    return found


def _found(connection: Connection, table: type[Label] | type[LevelSet], texts: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in in_turns(texts):
        rows = connection.execute(select_from(table.text, table.id).where(table.text.in_(some)))
        found |= {row.text: row.id for row in rows}
    return found
