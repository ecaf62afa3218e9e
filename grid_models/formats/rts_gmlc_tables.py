"""The CSV tables of RTS-GMLC: rows that know their place, and day-ahead series cut to the days wanted."""

import csv
import io
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from grid_models.errors import BadInput
from grid_models.formats.documents import is_finite, read_text

HOURS = 24
PREFIX = "DAY_AHEAD_"
REQUIRED: Any = object()
MAX_DAYS = 366


def tables_under(path: Path) -> Path | None:
    """The folder of the source tables: as published, in the repository's own layout, or given itself."""
    for folder in (path / "SourceData", path / "RTS_Data" / "SourceData", path):
        if (folder / "gen.csv").is_file():
            return folder
    return None


class Row:
    """A row of a table: blanks and NA are absent, and every complaint names file, row and column."""

    __slots__ = ("cells", "file", "number_in_file")

    def __init__(self, file: Path, number_in_file: int, cells: dict[str, str]):
        self.file, self.number_in_file, self.cells = file, number_in_file, cells

    def fault(self, column: str, problem: str) -> BadInput:
        return BadInput(str(self.file), f"row {self.number_in_file}, column '{column}': {problem}")

    def text(self, column: str) -> str:
        found = self.cells.get(column, "").strip()
        if not found:
            raise self.fault(column, "is required and missing")
        return found

    def number(self, column: str, default: Any = REQUIRED) -> float:
        found = self.cells.get(column, "").strip()
        if found in ("", "NA"):
            if default is REQUIRED:
                raise self.fault(column, "is required and missing")
            return default  # type: ignore[no-any-return]
        try:
            value = float(found)
        except ValueError:
            value = float("nan")
        if not is_finite(value):
            raise self.fault(column, f"must be a finite number (got {found[:60]!r})")
        return value


def read_rows(file: Path) -> list[Row]:
    """The rows of a table."""
    header, lines = _table(file)
    return [Row(file, number, dict(zip(header, line, strict=True))) for number, line in enumerate(lines, start=2)]


def _table(file: Path) -> tuple[list[str], list[list[str]]]:
    if not file.is_file():
        raise BadInput(str(file), "does not exist; the folder is not complete")
    try:
        lines = [line for line in csv.reader(io.StringIO(read_text(file), newline="")) if line]
    except csv.Error as error:
        raise BadInput(str(file), f"is not CSV: {error}") from error
    if len(lines) < 2:
        raise BadInput(str(file), "has no row under its header")
    for number, line in enumerate(lines, start=1):
        if len(line) != len(lines[0]):
            raise BadInput(str(file), f"row {number}: has {len(line)} cells under a header of {len(lines[0])}")
    return [name.strip() for name in lines[0]], lines[1:]


class SeriesFolder:
    """The day-ahead series of the days wanted; period 1 is the hour that begins at midnight."""

    def __init__(self, root: Path, first: date | None, days: int):
        self.files = {file.name: file for pattern in PLACES for file in sorted(root.glob(pattern))}
        self.read: dict[str, dict[str, list[float]]] = {}
        self.days = days
        begins, ends = self._covered()
        self.first = begins if first is None else first
        if not 1 <= days <= MAX_DAYS or self.first < begins or self.first + timedelta(days=days - 1) > ends:
            raise BadInput(
                str(root),
                f"{days} days from {self.first} are not in the data, which cover {begins} to {ends}; "
                f"give a date and a number of days within",
            )

    def _covered(self) -> tuple[date, date]:
        file = self._file("regional_Load")
        header, lines = _table(file)
        self._check_header(file, header)
        return _day(Row(file, 2, _cells(header, lines[0]))), _day(Row(file, len(lines) + 1, _cells(header, lines[-1])))

    def column(self, table: str, name: str) -> list[float]:
        """One series of a table, hour by hour."""
        columns = self._columns(table)
        if name not in columns:
            raise BadInput(str(self._file(table)), f"has no column '{name}'; it has {', '.join(list(columns)[:8])}")
        return columns[name]

    def product(self, name: str) -> list[float]:
        """The requirement of a reserve product: a column of its own table, or the only series there is."""
        columns = self._columns(f"regional_{name}")
        return columns[name] if name in columns else columns[""]

    def _file(self, table: str) -> Path:
        name = f"{PREFIX}{table}.csv"
        if name not in self.files:
            raise BadInput(name, "is not among the day-ahead series (day_ahead/ or timeseries_data_files/); add it")
        return self.files[name]

    def _columns(self, table: str) -> dict[str, list[float]]:
        if table not in self.read:
            self.read[table] = self._cut(self._file(table))
        return self.read[table]

    def _check_header(self, file: Path, header: list[str]) -> None:
        if header[:3] != ["Year", "Month", "Day"]:
            raise BadInput(
                str(file), f"must begin with the columns Year, Month, Day (got {', '.join(header[:4])[:80]})"
            )

    def _cut(self, file: Path) -> dict[str, list[float]]:
        header, lines = _table(file)
        self._check_header(file, header)
        wanted = {self.first + timedelta(days=day) for day in range(self.days)}
        keys = {(str(day.year), str(day.month), str(day.day)) for day in wanted}
        kept = [(number, line) for number, line in enumerate(lines, start=2) if (line[0], line[1], line[2]) in keys]
        rows = [Row(file, number, _cells(header, line)) for number, line in kept]
        if header[3:] == [str(hour) for hour in range(1, HOURS + 1)]:
            return {"": self._wide(file, rows)}
        return self._long(file, header, rows)

    def _wide(self, file: Path, rows: list[Row]) -> list[float]:
        """A row a day, a column an hour."""
        if len(rows) != self.days:
            raise BadInput(str(file), f"has {len(rows)} of the {self.days} days from {self.first}")
        return [row.number(str(hour)) for row in rows for hour in range(1, HOURS + 1)]

    def _long(self, file: Path, header: list[str], rows: list[Row]) -> dict[str, list[float]]:
        """A row an hour, a column a series."""
        periods = [row.number("Period") for row in rows]
        if periods != [*range(1, HOURS + 1)] * self.days:
            raise BadInput(str(file), f"does not hold periods 1 to {HOURS} of {self.days} days from {self.first}")
        return {name: [row.number(name) for row in rows] for name in header[4:]}


PLACES = ("day_ahead/*.csv", "timeseries_data_files/*/DAY_AHEAD_*.csv")


def _cells(header: list[str], line: list[str]) -> dict[str, str]:
    return dict(zip(header, line, strict=True))


def _day(row: Row) -> date:
    try:
        return date(int(row.number("Year")), int(row.number("Month")), int(row.number("Day")))
    except ValueError as error:
        if isinstance(error, BadInput):
            raise
        raise row.fault("Day", f"is no day of the calendar ({error})") from error
