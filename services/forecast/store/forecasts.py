"""Forecasts as they were issued, ours and those that others bring: one row per series and issue."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select
from sqlalchemy.orm import aliased

from grid_models.forecast import Basis, Forecast, SeriesKind
from grid_models.quantities import Floats
from services.database.engine import Database
from services.database.statements import in_turns, insert_new
from services.forecast.errors import NothingIssued
from services.forecast.known import Moment, Moments, Vintages, aware, moment, steps_from
from services.forecast.store.packing import expand_quantiles, squeeze_quantiles
from services.forecast.store.series import locked, series_ids
from services.forecast.store.statements import identities, moment_at, seconds
from services.forecast.store.tables import IssuedForecast as Row
from services.forecast.store.tables import Label, LevelSet, Series

MEAN = "mean"


@dataclass(frozen=True)
class Issue:
    """A forecast as arrays: what one issue says about one series."""

    series: str
    kind: SeriesKind
    unit: str
    issued: Moment
    start: Moment
    step_min: int
    levels: tuple[float, ...]
    """Rising; empty: `quantiles` holds one column, the mean."""
    quantiles: NDArray[Any]
    """Steps x levels; kept to the seven digits of float32."""
    basis: Basis
    model: str
    reasons: tuple[str, ...] = ()
    synthetic: bool = False
    author: str | None = None
    """Who brought it; None: it is our own."""
    known_at: Moment | None = None
    """None: when it was issued."""

    @classmethod
    def of(cls, forecast: Forecast, known_at: Moment | None = None, author: str | None = None) -> "Issue":
        return cls(
            series=forecast.series,
            kind=forecast.kind,
            unit=forecast.unit,
            issued=moment(forecast.issued_at),
            start=moment(forecast.start),
            step_min=forecast.step_min,
            levels=forecast.levels,
            quantiles=forecast.quantile_values,
            basis=forecast.basis,
            model=forecast.model,
            reasons=forecast.reasons,
            synthetic=forecast.synthetic,
            author=author,
            known_at=known_at,
        )

    def forecast(self) -> Forecast:
        """As it goes over the wire."""
        return Forecast(
            series=self.series,
            kind=self.kind,
            unit=self.unit,
            issued_at=aware(self.issued),
            start=aware(self.start),
            step_min=self.step_min,
            levels=self.levels,
            quantiles=tuple(map(tuple, self.quantiles.tolist())),
            basis=self.basis,
            reasons=self.reasons,
            model=self.model,
            synthetic=self.synthetic,
        )

    @property
    def times(self) -> Moments:
        return steps_from(self.start, len(self.quantiles), self.step_min)


class ForecastShelf:
    """Every forecast that was ever issued."""

    def __init__(self, database: Database):
        self._database = database

    def save(self, many: Iterable[Forecast | Issue], known_at: Moment | None = None) -> int:
        """Keeps all of them or none; how many were new. The same forecast again changes nothing."""
        given = [Issue.of(one, known_at) if isinstance(one, Forecast) else one for one in many]
        with self._database.writing() as connection:
            ids = series_ids(connection, [issue.series for issue in given])
            locked(connection, ids.values())
            rows = _rows(connection, given, ids)
            held = _held(connection, rows)
            fresh = {key: row for key, row in ((_identity(row), row) for row in rows) if key not in held}
            insert_new(connection, Row, list(fresh.values()))
        return len(fresh)

    def newest(
        self, series: str, as_of: Moment | None = None, until: Moment | None = None, author: str | None = None
    ) -> Issue:
        """The newest issue that was known then, of those that reach to `until`."""
        with self._database.reading() as connection:
            newest = _newest(series, as_of, until, author)
            found = connection.execute(_issues().where(Row.id == newest.scalar_subquery())).first()
            if found is None:
                series_ids(connection, [series])
                raise NothingIssued(_nothing(series, as_of, until), series=series)
        return _issue(found)

    def issues(
        self,
        series: Sequence[str],
        issued_from: Moment | None = None,
        issued_until: Moment | None = None,
        as_of: Moment | None = None,
        author: str | None = None,
    ) -> list[Issue]:
        """The issues from the first moment up to, not including, the last, by series and issue."""
        with self._database.reading() as connection:
            ids = series_ids(connection, series)
            chosen = _issues().where(Row.known_at <= seconds(as_of)).order_by(Row.series_id, Row.issued, Row.id)
            chosen = chosen if issued_from is None else chosen.where(Row.issued >= seconds(issued_from))
            chosen = chosen if issued_until is None else chosen.where(Row.issued < seconds(issued_until))
            chosen = _by(chosen, author)
            found = [
                row
                for some in in_turns(ids.values())
                for row in connection.execute(chosen.where(Row.series_id.in_(some)))
            ]
        return [_issue(row) for row in found]


def brought(
    connection: Connection, ids: Sequence[int], since: Moment | None, as_of: Moment | None
) -> dict[int, dict[str, Vintages]]:
    """By series and author: the forecasts of others that were known then and reach beyond `since`."""
    chosen = _issues().where(Row.author_id.is_not(None), Row.known_at <= seconds(as_of))
    chosen = chosen.order_by(Row.series_id, Row.author_id, Row.issued, Row.known_at, Row.id)
    chosen = chosen if since is None else chosen.where(Row.end > seconds(since))
    gathered: dict[tuple[int, str], list[Issue]] = {}
    for some in in_turns(ids):
        for row in connection.execute(chosen.where(Row.series_id.in_(some))):
            gathered.setdefault((row.series_id, row.author), []).append(_issue(row))
    found: dict[int, dict[str, Vintages]] = {}
    for (identity, author), issues in gathered.items():
        found.setdefault(identity, {})[author] = _vintages(issues)
    return found


def _vintages(issues: Sequence[Issue]) -> Vintages:
    steps = [len(issue.quantiles) for issue in issues]
    names = list(dict.fromkeys(name for issue in issues for name in _columns(issue)))
    values = {name: np.concatenate([_column(issue, name) for issue in issues]) for name in names}
    times = np.concatenate([issue.times for issue in issues])
    known_at = np.array([issue.issued if issue.known_at is None else issue.known_at for issue in issues])
    issued = np.array([issue.issued for issue in issues])
    return Vintages.sorted(times, np.repeat(issued, steps), np.repeat(known_at, steps), values)


def _columns(issue: Issue) -> tuple[str, ...]:
    return tuple(f"{level:g}" for level in issue.levels) or (MEAN,)


def _column(issue: Issue, name: str) -> Floats:
    columns = _columns(issue)
    steps = len(issue.quantiles)
    values: Floats = issue.quantiles[:, columns.index(name)] if name in columns else np.full(steps, np.nan)
    return values


def _newest(series: str, as_of: Moment | None, until: Moment | None, author: str | None) -> Any:
    # The row itself is fetched by its number alone: the index is walked back to the first row that answers.
    chosen = select(Row.id).join(Series, Series.id == Row.series_id).where(Series.name == series)
    chosen = chosen if as_of is None else chosen.where(Row.known_at <= seconds(as_of))
    chosen = chosen if until is None else chosen.where(Row.end >= seconds(until))
    return _by(chosen, author).order_by(Row.issued.desc(), Row.known_at.desc(), Row.id.desc()).limit(1)


def _by(chosen: Any, author: str | None) -> Any:
    if author is None:
        return chosen.where(Row.author_id.is_(None))
    return chosen.where(Row.author_id == select(Label.id).where(Label.text == author).scalar_subquery())


def _nothing(series: str, as_of: Moment | None, until: Moment | None) -> str:
    when = "" if as_of is None else f" known at {aware(as_of).isoformat()}"
    reach = "" if until is None else f" that reaches to {aware(until).isoformat()}"
    return f"{series}: no forecast{when}{reach}; POST /v1/forecasts issues one"


_AUTHOR, _MODEL = aliased(Label), aliased(Label)


def _issues() -> Any:
    columns = select(
        Row.series_id,
        Row.issued,
        Row.known_at,
        Row.start,
        Row.step_min,
        Row.steps,
        Row.unit,
        Row.basis,
        Row.reasons,
        Row.synthetic,
        Row.payload,
        Series.name,
        Series.kind,
        LevelSet.text.label("levels"),
        _MODEL.text.label("model"),
        _AUTHOR.text.label("author"),
    )
    joined = columns.join(Series, Series.id == Row.series_id).join(LevelSet, LevelSet.id == Row.levels_id)
    return joined.join(_MODEL, _MODEL.id == Row.model_id).outerjoin(_AUTHOR, _AUTHOR.id == Row.author_id)


def _issue(row: Any) -> Issue:
    levels = tuple(json.loads(row.levels))
    return Issue(
        series=row.name,
        kind=row.kind,
        unit=row.unit,
        issued=moment_at(row.issued),
        start=moment_at(row.start),
        step_min=row.step_min,
        levels=levels,
        quantiles=_rounded(expand_quantiles(row.payload, row.steps, max(1, len(levels)))),
        basis=row.basis,
        model=row.model,
        reasons=tuple(row.reasons or ()),
        synthetic=row.synthetic,
        author=row.author,
        known_at=moment_at(row.known_at),
    )


def _rounded(quantiles: NDArray[np.float32]) -> Floats:
    """To the seven digits that were kept, or 0.1 would come back as 0.10000000149."""
    largest = float(np.nanmax(np.abs(quantiles), initial=0.0))
    digits = 6 - int(np.floor(np.log10(largest))) if largest > 0 else 0
    rounded: Floats = quantiles.astype(np.float64).round(digits)
    return rounded


def _rows(connection: Connection, given: Sequence[Issue], ids: dict[str, int]) -> list[dict[str, Any]]:
    authors = {issue.author for issue in given if issue.author is not None}
    labels = identities(connection, Label, {issue.model for issue in given} | authors)
    levels = identities(connection, LevelSet, {json.dumps(issue.levels) for issue in given})
    return [_row(issue, ids, labels, levels) for issue in given]


def _row(issue: Issue, ids: dict[str, int], labels: dict[str, int], levels: dict[str, int]) -> dict[str, Any]:
    start = seconds(issue.start)
    quantiles = np.asarray(issue.quantiles, dtype=np.float32)
    if quantiles.ndim != 2 or quantiles.shape[1] != max(1, len(issue.levels)):
        raise ValueError(f"{issue.series}: {quantiles.shape} is not steps x {max(1, len(issue.levels))} levels")
    return {
        "series_id": ids[issue.series],
        "author_id": None if issue.author is None else labels[issue.author],
        "issued": seconds(issue.issued),
        "known_at": seconds(issue.issued if issue.known_at is None else issue.known_at),
        "start": start,
        "end": start + len(quantiles) * issue.step_min * 60,
        "step_min": issue.step_min,
        "steps": len(quantiles),
        "levels_id": levels[json.dumps(issue.levels)],
        "model_id": labels[issue.model],
        "unit": issue.unit,
        "basis": issue.basis,
        "reasons": list(issue.reasons) or None,
        "synthetic": issue.synthetic,
        "payload": squeeze_quantiles(quantiles),
    }


_IDENTITY = ("series_id", "author_id", "issued", "start", "step_min", "levels_id", "payload")


def _identity(row: dict[str, Any]) -> tuple[Any, ...]:
    """What makes two forecasts the same one."""
    return tuple(row[name] for name in _IDENTITY)


def _held(connection: Connection, rows: Sequence[dict[str, Any]]) -> set[tuple[Any, ...]]:
    held: set[tuple[Any, ...]] = set()
    issued = [row["issued"] for row in rows]
    columns = select(*(getattr(Row, name) for name in _IDENTITY))
    for some in in_turns({row["series_id"] for row in rows}):
        within = columns.where(Row.series_id.in_(some), Row.issued.between(min(issued), max(issued)))
        held |= {(*row[:-1], bytes(row[-1])) for row in connection.execute(within)}
    return held
