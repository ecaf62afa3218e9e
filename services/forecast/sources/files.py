"""Observations and weather from files: CSV, Parquet, Arrow and JSON tables, NetCDF and GRIB2 fields."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa

from services.forecast.errors import UnsupportedForm, Unusable
from services.forecast.known import Moment
from services.forecast.sources.tables import (
    ARROW_FILE,
    ARROW_STREAM,
    CSV,
    PARQUET,
    Incoming,
    floats_in,
    incoming,
    moments_in,
    numbered,
    read_table,
)
from services.forecast.store import WeatherIssue

JSON = "application/json"
FORMS = {
    ".csv": CSV,
    ".parquet": PARQUET,
    ".pq": PARQUET,
    ".arrow": ARROW_FILE,
    ".feather": ARROW_FILE,
    ".arrows": ARROW_STREAM,
    ".json": JSON,
}


def observations(path: Path) -> list[Incoming]:
    """The series in a file; long (`series, time, value[, known_at]`) or wide (`time` and a column per series)."""
    return incoming(_table(path))


def weather(path: Path, received_at: Moment) -> list[WeatherIssue]:
    """The issues in a table of `series, source, issued_at, time, value[, known_at]`.

    Without `known_at` an issue became known when the file was read.
    """
    return weather_in(_table(path), received_at)


def weather_in(table: pa.Table, received_at: Moment) -> list[WeatherIssue]:
    """The issues in a table; rows in any order."""
    series, series_of = numbered(table, "series")
    sources, source_of = numbered(table, "source")
    issued, times = moments_in(table, "issued_at"), moments_in(table, "time")
    known_at, values = moments_in(table, "known_at", optional=True), floats_in(table, "value")
    known_at = np.where(np.isnat(known_at), received_at, known_at)
    order = np.lexsort((times, known_at, issued, source_of, series_of))
    columns = [column[order] for column in (series_of, source_of, issued, known_at)]
    begins = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    parts = np.split(order, np.flatnonzero(begins) + 1) if len(order) else []
    return [
        _once(
            WeatherIssue(
                series[series_of[part[0]]],
                sources[source_of[part[0]]],
                issued[part[0]],
                known_at[part[0]],
                times[part],
                values[part],
            )
        )
        for part in parts
    ]


def _once(issue: WeatherIssue) -> WeatherIssue:
    twice = np.flatnonzero(np.diff(issue.times).astype(np.int64) == 0)
    if len(twice):
        time = issue.times[twice[0]]
        raise Unusable(f"time: {issue.series} of {issue.source}, issued {issue.issued}, says {time} twice; say it once")
    return issue


def _table(path: Path) -> pa.Table:
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise UnsupportedForm(f"{path.name}: accepted are {', '.join(FORMS)}; for weather NetCDF and GRIB2 as well")
    return _json(path) if form == JSON else read_table(path.read_bytes(), form)


def _json(path: Path) -> pa.Table:
    """Rows as objects, or columns as lists."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return pa.Table.from_pylist(document) if isinstance(document, list) else pa.Table.from_pydict(document)
    except (ValueError, TypeError, AttributeError, pa.ArrowException) as error:
        raise Unusable(f"{path.name}: needs a list of rows or an object of columns ({str(error)[:200]})") from error
