"""Counts and sums of the work done, kept with the work itself: no restart forgets them, no attempt counts twice."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from services.database.engine import Database
from services.database.statements import insert
from services.dispatch.store.tables import Tally


@dataclass(frozen=True)
class Count:
    """So much more of a metric."""

    metric: str
    labels: dict[str, str]
    value: float


def add(connection: Connection, counts: Iterable[Count]) -> None:
    """In the transaction of the work that is counted."""
    for row in sorted(_summed(counts).items()):  # one order for everybody, or two transactions wait for each other
        (metric, labels), value = row
        fresh = insert(connection, Tally).values(metric=metric, labels=labels, value=value)
        more = fresh.on_conflict_do_update(index_elements=["metric", "labels"], set_={"value": Tally.value + value})
        connection.execute(more)


def _summed(counts: Iterable[Count]) -> dict[tuple[str, str], float]:
    sums: dict[tuple[str, str], float] = {}
    for one in counts:
        place = one.metric, ",".join(f"{name}={value}" for name, value in one.labels.items())
        sums[place] = sums.get(place, 0.0) + one.value
    return sums


class TallyShelf:
    """All counts."""

    def __init__(self, database: Database):
        self._database = database

    def add(self, counts: Iterable[Count]) -> None:
        with self._database.writing() as connection:
            add(connection, counts)

    def all(self) -> tuple[Count, ...]:
        with self._database.reading() as connection:
            rows = connection.execute(
                select(Tally.metric, Tally.labels, Tally.value).order_by(Tally.metric, Tally.labels)
            )
            return tuple(Count(row.metric, _labels(row.labels), row.value) for row in rows)


def _labels(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(",") if part)
    return {name: value for name, _, value in pairs}
