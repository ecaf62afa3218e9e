"""Series by reference: `{file: series.csv, column: east}`, a table of CSV or Parquet beside the case.

A column `time` (the beginning of every step, with its offset) is optional; where it stands it must match the horizon.
"""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from grid_models.errors import BadInput
from grid_models.formats.documents import MAX_BYTES, Document, read_text
from grid_models.horizon import Horizon

TIME = "time"
MAX_ROWS = 8784 * 12
Column = list[float | None]


def resolve_series(document: Document, path: Path) -> Document:
    """The document with every reference replaced by its numbers; the case's own folder bounds what may be read."""
    tables = _Tables(path, _horizon_of(document))
    return _resolved(document, "", tables)  # type: ignore[no-any-return]


def _resolved(value: Any, place: str, tables: "_Tables") -> Any:
    if isinstance(value, dict):
        if "file" in value and set(value) <= {"file", "column"}:
            return tables.column(value, place)
        return {key: _resolved(item, f"{place}.{key}".lstrip("."), tables) for key, item in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict | list):
        return [_resolved(item, f"{place}[{i}]{_name(item)}", tables) for i, item in enumerate(value)]
    return value


def _name(item: Any) -> str:
    name = item.get("name") if isinstance(item, dict) else None
    return f" '{name}'" if isinstance(name, str) else ""


def _horizon_of(document: Document) -> Horizon | None:
    # A faulty horizon is reported by the validation of the case, which comes next.
    try:
        return Horizon.model_validate(document.get("horizon"))
    except ValidationError:
        return None


class _Tables:
    """The tables beside one case, each read once."""

    def __init__(self, case: Path, horizon: Horizon | None):
        self.case, self.horizon = case, horizon
        self.read: dict[Path, dict[str, Column]] = {}

    def column(self, reference: dict[str, Any], place: str) -> Column:
        file, column = reference["file"], reference.get("column")
        if not isinstance(file, str) or not isinstance(column, str):
            raise BadInput(str(self.case), f"{place}: a reference needs a file and a column, both words")
        table = self._table(file, place)
        if column not in table:
            known = ", ".join(list(table)[:8])
            raise BadInput(str(self.case), f"{place}: {file} has no column '{column}'; it has {known}")
        # Only the commitment of a unit may leave a step open.
        if not place.endswith(".commitment") and None in table[column]:
            row = table[column].index(None) + 2
            raise BadInput(str(self.case), f"{place}: {file}, row {row}, column '{column}' is empty; give a number")
        return table[column]

    def _table(self, file: str, place: str) -> dict[str, Column]:
        path = self._inside_folder(file, place)
        if path not in self.read:
            table = _read_parquet(path) if path.suffix == ".parquet" else _read_csv(path)
            if TIME in table:
                check_times(path, table.pop(TIME), self.horizon)
            self.read[path] = {name: _as_numbers(path, name, cells) for name, cells in table.items()}
        return self.read[path]

    def _inside_folder(self, file: str, place: str) -> Path:
        folder = self.case.resolve().parent
        path = (folder / file).resolve() if "\0" not in file else folder.parent
        if not path.is_relative_to(folder):
            raise BadInput(
                str(self.case), f"{place}: '{file[:80]}' leaves the folder of the case; put the table inside"
            )
        if not path.is_file():
            raise BadInput(str(self.case), f"{place}: {file[:80]} does not exist beside the case")
        return path


def _read_csv(path: Path) -> dict[str, list[Any]]:
    try:
        rows = list(csv.reader(io.StringIO(read_text(path), newline=""), strict=True))
    except csv.Error as error:
        raise BadInput(str(path), f"is not CSV: {error}") from error
    rows = [row for row in rows if row]
    if not rows or len(rows) > MAX_ROWS + 1:
        raise BadInput(str(path), f"has {len(rows)} rows; accepted is a header and up to {MAX_ROWS:,} rows of numbers")
    header = [name.strip() for name in rows[0]]
    if len(set(header)) < len(header):
        raise BadInput(str(path), "two columns have the same name; names must differ")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise BadInput(str(path), f"row {number}: has {len(row)} cells under a header of {len(header)}")
    return {name: [row[i] for row in rows[1:]] for i, name in enumerate(header)}


def _read_parquet(path: Path) -> dict[str, list[Any]]:
    import pyarrow.parquet as pq
    from pyarrow.lib import ArrowException

    try:
        file = pq.ParquetFile(path)
        groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
        size = sum(group.total_byte_size for group in groups)
        if file.metadata.num_rows > MAX_ROWS or size > MAX_BYTES:
            raise BadInput(str(path), f"has {file.metadata.num_rows:,} rows, {size:,} bytes; at most {MAX_ROWS:,} rows")
        return {
            name: column.to_pylist() for name, column in zip(file.schema_arrow.names, file.read().columns, strict=True)
        }
    except (ArrowException, OSError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(str(path), f"is not a sound Parquet file: {str(error)[:120]}") from error


def _as_numbers(path: Path, name: str, cells: list[Any]) -> Column:
    return [_number(path, name, row, cell) for row, cell in enumerate(cells, start=2)]


def _number(path: Path, name: str, row: int, cell: Any) -> float | None:
    if cell is None or cell == "":
        return None
    try:
        return float(cell)
    except (TypeError, ValueError, OverflowError) as error:
        shown = repr(cell)[:60]
        raise BadInput(str(path), f"row {row}, column '{name}': must be a number (got {shown})") from error


def check_times(path: Path, cells: list[Any], horizon: Horizon | None) -> None:
    """Refuse times that are not those of the horizon."""
    if horizon is None:
        return
    if len(cells) != horizon.steps:
        raise BadInput(str(path), f"has {len(cells)} rows for the {horizon.steps} steps of the horizon")
    for row, (cell, expected) in enumerate(zip(cells, horizon.times, strict=True), start=2):
        moment = _moment(path, row, cell)
        if moment != expected:
            raise BadInput(
                str(path),
                f"row {row}, column 'time': is {moment.isoformat()} but the step begins {expected.isoformat()}",
            )


def _moment(path: Path, row: int, cell: Any) -> datetime:
    try:
        moment = cell if isinstance(cell, datetime) else datetime.fromisoformat(cell)
    except (TypeError, ValueError) as error:
        raise BadInput(str(path), f"row {row}, column 'time': {cell!r} is no moment of time") from error
    if moment.tzinfo is None:
        raise BadInput(str(path), f"row {row}, column 'time': needs its offset, such as 2030-07-15T00:00:00+08:00")
    return moment


class SeriesTable:
    """Collects the long series of a document into the columns of one table."""

    def __init__(self, steps: int, inline_up_to: int):
        self.steps, self.inline_up_to = steps, inline_up_to
        self.columns: dict[str, list[Any]] = {}

    def taken_from(self, document: Document, file: str) -> Document:
        """The document with a reference to the file in the place of every long series."""
        return {key: self._taken(value, (key,), file) for key, value in document.items()}

    def _taken(self, value: Any, names: tuple[str, ...], file: str) -> Any:
        if isinstance(value, dict):
            own = (*names, value["name"]) if isinstance(value.get("name"), str) else names
            return {key: self._taken(item, (*own, key), file) for key, item in value.items()}
        if not isinstance(value, list):
            return value
        if self._is_long_series(value):
            return {"file": file, "column": self._add(names, value)}
        return [self._taken(item, names, file) for item in value]

    def _is_long_series(self, value: list[Any]) -> bool:
        plain = all(item is None or isinstance(item, int | float) for item in value)
        return plain and len(value) == self.steps > self.inline_up_to

    def _add(self, names: tuple[str, ...], values: list[Any]) -> str:
        # "resources / solar 1 / available_mw" reads as "solar 1.available_mw".
        wanted = ".".join(name for name in names if name not in ("zones", "links", "resources", "reserves", "model"))
        column, count = wanted, 1
        while column in self.columns or column == TIME:
            column, count = f"{wanted} ({count + 1})", count + 1
        self.columns[column] = values
        return column


def write_table(path: Path, horizon: Horizon, columns: dict[str, list[Any]]) -> None:
    """The columns as one table with the beginning of every step."""
    if path.suffix == ".parquet":
        _write_parquet(path, horizon, columns)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([TIME, *columns])
        writer.writerows(_rows(horizon, columns))


def _rows(horizon: Horizon, columns: dict[str, list[Any]]) -> Iterator[list[Any]]:
    for step, moment in enumerate(horizon.times):
        yield [moment.isoformat(), *(_cell(values[step]) for values in columns.values())]


def _cell(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value


def _write_parquet(path: Path, horizon: Horizon, columns: dict[str, list[Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    times = pa.array([moment.astimezone(UTC) for moment in horizon.times], type=pa.timestamp("s", tz="UTC"))
    numbers = {
        name: pa.array([_cell(value) for value in values], type=pa.float64()) for name, values in columns.items()
    }
    pq.write_table(pa.table({TIME: times, **numbers}), path)
