"""Moments in the tables, and the rows of texts that many rows share."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from sqlalchemy import Connection
from sqlalchemy import select as select_from

from services.database.statements import in_turns, insert_new
from services.forecast.known import Moment, Moments
from services.forecast.store.tables import Label, LevelSet

BEGINNING, END = -(2**40), 2**40
"""Moments before and after all others, in seconds: 35,000 years."""


def seconds(moment: Moment | None, otherwise: int = END) -> int:
    """As the tables have it."""
    return otherwise if moment is None else int(moment.astype("datetime64[s]").astype(np.int64))


def moments(since_1970_s: Any) -> Moments:
    return np.asarray(since_1970_s, dtype=np.int64).astype("datetime64[s]")


def moment_at(since_1970_s: int) -> Moment:
    return np.datetime64(int(since_1970_s), "s")


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
