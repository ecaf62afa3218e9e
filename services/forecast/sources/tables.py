"""Observations from tables, whatever file they came in: one row per value, or one column per series.

Long: `series, time, value` and perhaps `known_at`. Wide: `time` and one column per series.
"""

import io
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.forecast.errors import NaiveTime, Unreadable, UnsupportedForm, Unusable
from services.forecast.known import Moments

CSV, PARQUET, ARROW_STREAM, ARROW_FILE = (
    "text/csv",
    "application/vnd.apache.parquet",
    "application/vnd.apache.arrow.stream",
    "application/vnd.apache.arrow.file",
)
TABLES = (CSV, PARQUET, ARROW_STREAM, ARROW_FILE)
WITH_OFFSET = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.0*)?)?(Z|z|[+-]\d\d:?\d\d)$"
NOT_TOLD = np.datetime64("NaT", "s")


@dataclass(frozen=True)
class Incoming:
    """Values of one series as they arrive; NaN where the sender says that there is none."""

    series: str
    times: Moments
    values: Floats
    known_at: Moments
    """NaT where nobody said when a value became known."""


def read_table(content: bytes, form: str) -> pa.Table:
    """The table in a body of this content type."""
    reader = {CSV: _csv, PARQUET: _parquet, ARROW_STREAM: _stream, ARROW_FILE: _file}.get(form)
    if reader is None:
        raise UnsupportedForm(f"{form or 'no content type'}: accepted are application/json, {', '.join(TABLES)}")
    try:
        return reader(_utf8(content) if form == CSV else content)
    except (pa.ArrowException, OSError, UnicodeError, ValueError) as error:
        raise Unreadable(f"the body is no {form}: {str(error).splitlines()[0][:300]}") from error


def _utf8(content: bytes) -> bytes:
    """Spreadsheets in China write CSV in their own encoding: nobody guesses it, but the way out is told."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(f"the CSV is not in UTF-8 (byte {error.start}); save it as CSV UTF-8") from None
    return content


def _csv(content: bytes) -> pa.Table:
    # Only the columns of values are numbers; a series named 007 keeps its name, and moments keep their offset.
    names = pa.csv.open_csv(io.BytesIO(content)).schema.names
    texts = {name: pa.string() for name in ("series", "time", "known_at", "source", "issued_at") if name in names}
    options = pa.csv.ConvertOptions(column_types=texts, strings_can_be_null=True)
    return pa.csv.read_csv(io.BytesIO(content), convert_options=options)


def _parquet(content: bytes) -> pa.Table:
    return pa.parquet.read_table(io.BytesIO(content))


def _stream(content: bytes) -> pa.Table:
    return pa.ipc.open_stream(content).read_all()


def _file(content: bytes) -> pa.Table:
    return pa.ipc.open_file(pa.py_buffer(content)).read_all()


def incoming(table: pa.Table) -> list[Incoming]:
    """The series in the table, by name."""
    twice = sorted({name for name in table.column_names if table.column_names.count(name) > 1})
    if twice:
        raise Unusable(f"columns: {twice[0]} is there more than once", field=twice[0])
    _needs(table, "time")
    if "series" in table.column_names:
        return _long(table)
    return _wide(table)


def _long(table: pa.Table) -> list[Incoming]:
    _needs(table, "value")
    names, series = numbered(table, "series")
    times, values = moments_in(table, "time"), floats_in(table, "value")
    known_at = moments_in(table, "known_at", optional=True)
    order = np.argsort(series, kind="stable")
    cuts = np.flatnonzero(np.diff(series[order])) + 1
    parts = np.split(order, cuts) if len(order) else []
    return [Incoming(names[series[part[0]]], times[part], values[part], known_at[part]) for part in parts]


def _wide(table: pa.Table) -> list[Incoming]:
    names = [name for name in table.column_names if name not in ("time", "known_at")]
    if not names:
        raise Unusable("columns: there is none beside time; a wide table has one column per series")
    times, known_at = moments_in(table, "time"), moments_in(table, "known_at", optional=True)
    return [Incoming(name, times, floats_in(table, name), known_at) for name in names]


def _needs(table: pa.Table, *names: str) -> None:
    for name in names:
        if name not in table.column_names:
            shown = ", ".join(table.column_names[:20])
            raise Unusable(f"{name}: the column is missing; there are {shown}", field=name)


def numbered(table: pa.Table, name: str) -> tuple[list[str], NDArray[np.int64]]:
    """The distinct texts of a column, and which of them each row has."""
    _needs(table, name)
    column = table.column(name).combine_chunks()
    if column.null_count:
        raise Unusable(f"{name}: row {_first(pc.is_null(column))} has none; every row needs one", field=name)
    coded = column if pa.types.is_dictionary(column.type) else column.cast(pa.string()).dictionary_encode()
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    return [str(text) for text in coded.dictionary.to_pylist()], coded.indices.to_numpy().astype(np.int64)


def floats_in(table: pa.Table, name: str) -> Floats:
    """A column of numbers; NaN where there is none."""
    column = table.column(name)
    try:
        values: Floats = column.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float64)
    except pa.ArrowException as error:
        raise Unusable(f"{name}: holds what is no number ({str(error)[:120]})", field=name) from error
    if np.isinf(values).any():
        raise Unusable(f"{name}: row {int(np.isinf(values).argmax()) + 1} is infinite; leave it empty", field=name)
    return values


def moments_in(table: pa.Table, name: str, optional: bool = False) -> Moments:
    """A column of moments with their offset from UTC; NaT where an optional one is empty."""
    if optional and name not in table.column_names:
        return np.full(len(table), NOT_TOLD)
    _needs(table, name)
    column = table.column(name).combine_chunks()
    if not len(column):
        return np.array([], dtype="datetime64[s]")
    if column.null_count == len(column):
        column = column.cast(pa.timestamp("us", "UTC")) if pa.types.is_null(column.type) else column
    if column.null_count and not optional:
        raise Unusable(f"{name}: row {_first(pc.is_null(column))} has none; every row needs one", field=name)
    return _whole_seconds(_absolute(column, name), name)


def _absolute(column: pa.Array, name: str) -> NDArray[np.datetime64]:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return _parsed(column, name)
    if not pa.types.is_timestamp(column.type):
        raise Unusable(f"{name}: is {column.type}, not moments; write 2030-07-15T00:00:00+08:00", field=name)
    if column.type.tz is None:
        raise NaiveTime(f"{name}: the column has no time zone; make it timestamp[s, tz=UTC]", field=name)
    stamps: NDArray[np.datetime64] = column.cast(pa.timestamp("us", "UTC")).to_numpy(zero_copy_only=False)
    return stamps


def _parsed(column: pa.Array, name: str) -> NDArray[np.datetime64]:
    import pandas as pd  # it takes half a second to load, which only texts are worth

    told = column.is_valid()
    fits = pc.or_(pc.match_substring_regex(column, WITH_OFFSET).fill_null(False), pc.is_null(column))
    if not pc.all(fits).as_py():
        row = _first(pc.invert(fits))
        text = column[row - 1].as_py()
        raise NaiveTime(
            f"{name}: row {row} is {text!r}; write it with its offset: 2030-07-15T00:00:00+08:00", field=name
        )
    stamps = np.full(len(column), np.datetime64("NaT", "us"))
    try:
        absolute = pd.to_datetime(pd.Series(column.drop_null().to_pylist(), dtype=str), utc=True, format="ISO8601")
    except ValueError as error:
        row = _not_a_moment(column)
        text = column[row - 1].as_py()
        raise Unusable(f"{name}: row {row} is {text!r}, a moment that does not exist", field=name) from error
    stamps[told.to_numpy(zero_copy_only=False)] = absolute.dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    return stamps


def _not_a_moment(column: pa.Array) -> int:
    """The first row that no calendar or clock knows, such as 30 February or 24:00."""
    for row, text in enumerate(column.to_pylist(), start=1):
        try:
            datetime.fromisoformat(text.upper() if text else "2030-01-01")
        except ValueError:
            return row
    return 1


def _whole_seconds(stamps: NDArray[np.datetime64], name: str) -> Moments:
    whole = stamps.astype("datetime64[s]")
    broken = ~np.isnat(stamps) & (whole != stamps)
    if broken.any():
        row = int(broken.argmax())
        raise Unusable(f"{name}: row {row + 1} is {stamps[row]}; moments have whole seconds here", field=name)
    return whole


def _first(true: pa.Array) -> int:
    """The number of the first row that is true, counted from one."""
    return int(true.to_numpy(zero_copy_only=False).argmax()) + 1
