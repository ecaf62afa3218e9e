"""The descriptions of the series, version after version."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from sqlalchemy import Connection, Pool, select, update

from grid_models.forecast import SeriesDescription, SeriesKind
from services.database.engine import Database
from services.database.statements import in_turns, insert_new
from services.forecast.errors import UnknownSeries, Unusable
from services.forecast.known import Moment
from services.forecast.store.statements import moment_at, seconds
from services.forecast.store.tables import Series, SeriesVersion

_READ: WeakKeyDictionary[Pool, dict[tuple[int, int], SeriesDescription]] = WeakKeyDictionary()
"""The versions that were read before, of each open database."""


class SeriesShelf:
    """All series by name."""

    def __init__(self, database: Database):
        self._database = database

    def put(self, descriptions: Iterable[SeriesDescription], at: Moment | None = None) -> tuple[int, ...]:
        """Keeps each description from that moment (now) on; the number of its version, 0 where it says nothing new."""
        given = list(descriptions)
        known_at = seconds(at, otherwise=seconds(now()))
        with self._database.writing() as connection:
            ids = _claim(connection, given)
            newest = _newest(connection, list(ids.values()))
            _refuse_circles(connection, given)
            return tuple(_put(connection, ids[one.name], one, known_at, newest) for one in given)

    def get(self, name: str, as_of: Moment | None = None) -> SeriesDescription:
        return self.many([name], as_of)[0]

    def many(self, names: Sequence[str], as_of: Moment | None = None) -> tuple[SeriesDescription, ...]:
        """In the order of the names; see `described`."""
        with self._database.reading() as connection:
            ids = series_ids(connection, names)
            found = described(connection, list(ids.values()), as_of)
        return tuple(found[ids[name]] for name in names)

    def versions(self, name: str) -> tuple[tuple[Moment, SeriesDescription], ...]:
        """What was said about it, since when."""
        with self._database.reading() as connection:
            identity = series_ids(connection, [name])[name]
            rows = connection.execute(_versions([identity])).all()
        return tuple((moment_at(row.known_at), _described(row.description)) for row in rows)

    def page(
        self, after: str = "", limit: int = 100, kind: SeriesKind | None = None, zone: str | None = None
    ) -> tuple[SeriesDescription, ...]:
        """The next ones in the order of their names."""
        wanted = select(Series.id).where(Series.name > after).order_by(Series.name).limit(limit)
        wanted = wanted if kind is None else wanted.where(Series.kind == kind)
        wanted = wanted if zone is None else wanted.where(Series.zone == zone)
        with self._database.reading() as connection:
            ids = list(connection.execute(wanted).scalars())
            found = described(connection, ids)
        return tuple(found[identity] for identity in ids)


def now() -> Moment:
    """The moment at which something arrives."""
    return np.datetime64("now", "s")


def series_ids(connection: Connection, names: Iterable[str]) -> dict[str, int]:
    """The row of each name; all must be there."""
    wanted = list(dict.fromkeys(names))
    found: dict[str, int] = {}
    for some in in_turns(wanted):
        rows = connection.execute(select(Series.name, Series.id).where(Series.name.in_(some)))
        found |= {row.name: row.id for row in rows}
    missing = [name for name in wanted if name not in found]
    if missing:
        raise UnknownSeries(*missing)
    return found


def locked(connection: Connection, ids: Iterable[int]) -> None:
    """Nobody else writes to these series until the transaction ends.

    Always in one order, so that nobody waits in a ring.
    """
    for some in in_turns(sorted(ids)):
        # On SQLite a writer is alone anyway, and the lock is left out of the statement.
        connection.execute(select(Series.id).where(Series.id.in_(some)).order_by(Series.id).with_for_update()).all()


def described(connection: Connection, ids: Sequence[int], as_of: Moment | None = None) -> dict[int, SeriesDescription]:
    """What was known about these series then.

    Before the first version nobody had said anything: the newest one stands in, for history is usually brought
    before its description is right, and a description holds no measured value that could leak.
    """
    chosen: dict[int, int] = {}
    newest: dict[int, int] = {}
    versions = select(SeriesVersion.series_id, SeriesVersion.version, SeriesVersion.known_at)
    for some in in_turns(ids):
        rows = connection.execute(versions.where(SeriesVersion.series_id.in_(some)).order_by(SeriesVersion.version))
        for series, version, known_at in rows:
            newest[series] = version
            if known_at <= seconds(as_of):
                chosen[series] = version
    return _read(connection, {series: chosen.get(series, newest[series]) for series in ids})


def _read(connection: Connection, versions: Mapping[int, int]) -> dict[int, SeriesDescription]:
    """These versions; one that was read before is not read again, for it never changes."""
    read = _READ.setdefault(connection.engine.pool, {})
    for some in in_turns(series for series, version in versions.items() if (series, version) not in read):
        for row in connection.execute(_versions(some)):
            read[row.series_id, row.version] = _described(row.description)
    return {series: read[series, version] for series, version in versions.items()}


def _versions(ids: Sequence[int]) -> Any:
    columns = select(SeriesVersion.series_id, SeriesVersion.version, SeriesVersion.known_at, SeriesVersion.description)
    return columns.where(SeriesVersion.series_id.in_(ids)).order_by(SeriesVersion.series_id, SeriesVersion.version)


def _described(document: dict[str, Any]) -> SeriesDescription:
    return SeriesDescription.model_validate(document)


def _claim(connection: Connection, given: Sequence[SeriesDescription]) -> dict[str, int]:
    """The rows of these series, new or not, locked."""
    rows = [{"name": one.name, "kind": one.kind, "zone": one.zone} for one in given]
    insert_new(connection, Series, sorted(rows, key=lambda row: str(row["name"])))
    ids = series_ids(connection, [one.name for one in given])
    locked(connection, ids.values())
    return ids


def _refuse_circles(connection: Connection, given: Sequence[SeriesDescription]) -> None:
    """No sum may be a part of its own parts; parts that nobody has described yet have no parts."""
    members = {one.name: one.members for one in given}
    for name in [name for name, some in members.items() if some]:
        inside: set[str] = set()
        left = list(members[name])
        while left:
            members |= _members(connection, [one for one in left if one not in members])
            inside |= set(left)
            left = [part for one in left for part in members.get(one, ()) if part not in inside]
        if name in inside:
            raise Unusable(f"members: {name} would be part of itself through {', '.join(sorted(inside - {name})[:5])}")


def _members(connection: Connection, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, int] = {}
    for some in in_turns(names):
        rows = connection.execute(select(Series.name, Series.id).where(Series.name.in_(some)))
        found |= {row.name: row.id for row in rows}
    told = _newest(connection, list(found.values()))
    return {name: tuple(told[identity][1]["members"]) for name, identity in found.items() if identity in told}


def _newest(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[int, Any]]:
    newest: dict[int, tuple[int, Any]] = {}
    columns = select(SeriesVersion.series_id, SeriesVersion.version, SeriesVersion.description)
    for some in in_turns(ids):
        rows = connection.execute(columns.where(SeriesVersion.series_id.in_(some)).order_by(SeriesVersion.version))
        newest |= {row.series_id: (row.version, row.description) for row in rows}
    return newest


def _put(
    connection: Connection, identity: int, one: SeriesDescription, known_at: int, newest: dict[int, tuple[int, Any]]
) -> int:
    version, before = newest.get(identity, (0, None))
    if before is not None and _described(before) == one:
        return 0
    # Defaults are written out: what was said stays said when ours change.
    document = one.model_dump(mode="json")
    connection.execute(update(Series).where(Series.id == identity).values(kind=one.kind, zone=one.zone))
    row = {"series_id": identity, "version": version + 1, "known_at": known_at, "description": document}
    insert_new(connection, SeriesVersion, [row])
    newest[identity] = (version + 1, document)
    return version + 1
