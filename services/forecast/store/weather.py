"""Weather forecasts as they were issued: one row per series and issue."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sqlalchemy import Connection, select

from grid_models.quantities import Floats
from services.database.engine import Database
from services.database.statements import in_turns, insert_new
from services.forecast.known import Moment, Moments, Vintages
from services.forecast.store.packing import expand_alike, squeeze
from services.forecast.store.series import locked, series_ids
from services.forecast.store.statements import identities, moments, seconds
from services.forecast.store.tables import Label
from services.forecast.store.tables import WeatherIssue as Row

_KINDS = ("<i4", "<f4")
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

    @classmethod
    def joined(cls, issues: Sequence[Self]) -> Self:
        columns = zip(*((one.times, one.issued, one.known_at, one.values) for one in issues), strict=True)
        return issues[0] if len(issues) == 1 else cls(*map(np.concatenate, columns))

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
    gathered: dict[tuple[int, int], list[Said]] = {}
    for (series, source, _), issue in zip(newest, _expanded(list(newest.values())), strict=True):
        gathered.setdefault((series, source), []).append(issue)
    found: dict[int, dict[str, Said]] = {}
    for (series, source), issues in gathered.items():
        found.setdefault(series, {})[names[source]] = Said.joined(issues)
    return found


def _issues(ids: Sequence[int], since: Moment | None, as_of: Moment | None, issued_since: Moment | None) -> Any:
    columns = select(Row.series_id, Row.source_id, Row.issued, Row.known_at, Row.start, Row.end, Row.steps, Row.payload)
    known = columns.where(Row.series_id.in_(ids), Row.known_at <= seconds(as_of))
    known = known if since is None else known.where(Row.end >= seconds(since))
    known = known if issued_since is None else known.where(Row.issued >= seconds(issued_since))
    return known.order_by(Row.series_id, Row.source_id, Row.issued, Row.known_at)


def _names(connection: Connection, sources: Iterable[int]) -> dict[int, str]:
    rows = connection.execute(select(Label.id, Label.text).where(Label.id.in_(list(sources))))
    return {row.id: row.text for row in rows}


def _expanded(rows: Sequence[Any]) -> list[Said]:
    """One issue per row; rows of as many steps are expanded together."""
    by_steps: dict[int, list[int]] = {}
    for place, row in enumerate(rows):
        by_steps.setdefault(row.steps, []).append(place)
    expanded: dict[int, Said] = {}
    for steps, places in by_steps.items():
        expanded |= zip(places, _alike([rows[place] for place in places], steps), strict=True)
    return [expanded[place] for place in range(len(rows))]


def _alike(rows: Sequence[Any], steps: int) -> list[Said]:
    deviation, values = expand_alike([row.payload for row in rows], steps, *_KINDS)
    first, last, issued, known_at = (
        np.array([getattr(row, name) for row in rows])[:, None] for name in ("start", "end", "issued", "known_at")
    )
    times = moments(_evenly(first, last, steps) + deviation)
    stamps = [moments(np.broadcast_to(stamp, times.shape)) for stamp in (issued, known_at)]
    return [Said(*columns) for columns in zip(times, *stamps, values.astype(np.float64), strict=True)]


def _evenly(first: Any, last: Any, steps: int) -> Any:
    """Moments in seconds at equal distances; those of an issue rarely deviate."""
    return first + np.arange(steps) * (last - first) // max(steps - 1, 1)


def _row(issue: WeatherIssue, ids: dict[str, int], sources: dict[str, int]) -> dict[str, Any]:
    times = issue.times.astype("datetime64[s]").astype(np.int64)
    deviation = times - _evenly(times[0], times[-1], len(times))
    return {
        "series_id": ids[issue.series],
        "source_id": sources[issue.source],
        "issued": seconds(issue.issued),
        "known_at": seconds(issue.known_at),
        "start": int(times[0]),
        "end": int(times[-1]),
        "steps": len(issue.times),
        "payload": squeeze(deviation.astype("<i4"), np.asarray(issue.values, "<f4")),
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
