"""Weather forecasts as they were issued: one row per series and issue."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from grid_models.quantities import Floats
from services.forecast.known import Moment, Moments, Vintages
from services.forecast.store.database import Database
from services.forecast.store.packing import expand, squeeze, steps_of
from services.forecast.store.series import locked, series_ids
from services.forecast.store.statements import identities, in_turns, insert_new, moments, seconds
from services.forecast.store.tables import Label
from services.forecast.store.tables import WeatherIssue as Row

Key = tuple[int, int, int]
"""Series, source and issue."""


@dataclass(frozen=True)
class WeatherIssue:
    """What one issue of a source says about one weather series; the times rise."""

    series: str
    source: str
    issued: Moment
    known_at: Moment
    times: Moments
    values: Floats
    """Kept to the seven digits of float32; NaN where the issue says nothing."""


@dataclass(frozen=True)
class Said:
    """All issues of one source about one series; one entry per issue and time, in the order of the issues."""

    times: Moments
    issued: Moments
    known_at: Moments
    values: Floats

    def vintages(self, name: str) -> Vintages:
        return Vintages.sorted(self.times, self.issued, self.known_at, {name: self.values})


class WeatherShelf:
    """Every issue of every source."""

    def __init__(self, database: Database):
        self._database = database

    def add(self, issues: Iterable[WeatherIssue]) -> int:
        """Keeps all of them or none; how many said something new. One that repeats what is known changes nothing."""
        given = [issue for issue in issues if len(issue.times)]
        with self._database.writing() as connection:
            ids = series_ids(connection, [issue.series for issue in given])
            locked(connection, ids.values())
            sources = identities(connection, Label, [issue.source for issue in given])
            rows = {_key(row): row for row in (_row(issue, ids, sources) for issue in given)}
            fresh = _news(connection, list(rows.values()))
            insert_new(connection, Row, fresh)
        return len(fresh)

    def read(
        self, name: str, since: Moment | None = None, as_of: Moment | None = None, issued_since: Moment | None = None
    ) -> dict[str, Vintages]:
        """By source what was known then; values keyed by the name of the series."""
        with self._database.reading() as connection:
            identity = series_ids(connection, [name])[name]
            found = said(connection, [identity], since, as_of, issued_since)
        return {source: some.vintages(name) for source, some in found.get(identity, {}).items()}


def said(
    connection: Connection,
    ids: Sequence[int],
    since: Moment | None = None,
    as_of: Moment | None = None,
    issued_since: Moment | None = None,
) -> dict[int, dict[str, Said]]:
    """By series and source: the issues known then that reach to `since` and were issued at `issued_since` or later."""
    newest: dict[Key, Any] = {}
    for some in in_turns(ids):
        # In the order of the key, known_at last: of an issue that came twice the later one stays.
        for row in connection.execute(_issues(some, since, as_of, issued_since)):
            newest[row[0], row[1], row[2]] = row
    names = _names(connection, {source for _, source, _ in newest})
    gathered: dict[tuple[int, int], list[Any]] = {}
    for (series, source, _), row in newest.items():
        gathered.setdefault((series, source), []).append(row)
    found: dict[int, dict[str, Said]] = {}
    for (series, source), rows in gathered.items():
        found.setdefault(series, {})[names[source]] = _said(rows)
    return found


def _issues(ids: Sequence[int], since: Moment | None, as_of: Moment | None, issued_since: Moment | None) -> Any:
    columns = select(Row.series_id, Row.source_id, Row.issued, Row.known_at, Row.start, Row.steps, Row.payload)
    known = columns.where(Row.series_id.in_(ids), Row.known_at <= seconds(as_of))
    known = known if since is None else known.where(Row.end >= seconds(since))
    known = known if issued_since is None else known.where(Row.issued >= seconds(issued_since))
    return known.order_by(Row.series_id, Row.source_id, Row.issued, Row.known_at)


def _names(connection: Connection, sources: Iterable[int]) -> dict[int, str]:
    rows = connection.execute(select(Label.id, Label.text).where(Label.id.in_(list(sources))))
    return {row.id: row.text for row in rows}


def _said(rows: Sequence[Any]) -> Said:
    parts = [expand(row.payload, row.steps, "<i4", "<f4") for row in rows]
    steps = [row.steps for row in rows]
    times = np.concatenate([np.cumsum(offset, dtype=np.int64) for offset, _ in parts])
    return Said(
        moments(times + np.repeat([row.start for row in rows], steps)),
        moments(np.repeat([row.issued for row in rows], steps)),
        moments(np.repeat([row.known_at for row in rows], steps)),
        np.concatenate([values for _, values in parts]).astype(np.float64),
    )


def _row(issue: WeatherIssue, ids: dict[str, int], sources: dict[str, int]) -> dict[str, Any]:
    start = issue.times[0]
    offset = (issue.times - start).astype("<i4")
    return {
        "series_id": ids[issue.series],
        "source_id": sources[issue.source],
        "issued": seconds(issue.issued),
        "known_at": seconds(issue.known_at),
        "start": seconds(start),
        "end": seconds(issue.times[-1]),
        "steps": len(issue.times),
        "payload": squeeze(steps_of(offset), np.asarray(issue.values, "<f4")),
    }


def _key(row: dict[str, Any]) -> tuple[int, int, int, int]:
    return row["series_id"], row["source_id"], row["issued"], row["known_at"]


def _news(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that say something that no delivery of their issue has said.

    Another text for the very same moment became known a second later, or the earlier one would be lost.
    """
    held = _held(connection, rows)
    fresh = []
    for row in sorted(rows, key=_key):
        before = held.setdefault(_key(row)[:3], {})
        if (row["start"], row["payload"]) in before.values():
            continue
        while row["known_at"] in before:
            row = {**row, "known_at": row["known_at"] + 1}
        before[row["known_at"]] = (row["start"], row["payload"])
        fresh.append(row)
    return fresh


def _held(connection: Connection, rows: Sequence[dict[str, Any]]) -> dict[Key, dict[int, tuple[int, bytes]]]:
    issued = [row["issued"] for row in rows]
    columns = select(Row.series_id, Row.source_id, Row.issued, Row.known_at, Row.start, Row.payload)
    held: dict[Key, dict[int, tuple[int, bytes]]] = {}
    for some in in_turns({row["series_id"] for row in rows}):
        within = columns.where(Row.series_id.in_(some), Row.issued.between(min(issued), max(issued)))
        for series, source, issue, known_at, start, payload in connection.execute(within):
            held.setdefault((series, source, issue), {})[known_at] = (start, bytes(payload))
    return held
