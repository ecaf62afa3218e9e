"""The sheets of a workbook as records: every complaint names the sheet, the row and the column."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from grid_models.errors import BadInput, short
from grid_models.formats.documents import is_finite
from grid_models.formats.native_series import TIME, check_times
from grid_models.formats.spreadsheet_cells import Record, from_cell, nested
from grid_models.formats.spreadsheet_columns import Column
from grid_models.horizon import Horizon

Rows = list[list[Any]]


class Pages:
    """The sheets of one workbook, fetched by name."""

    def __init__(self, path: Path, sheets: dict[str, Rows]):
        self.path, self.sheets = path, sheets
        self.seen = {"series"}
        self.series = self._series()

    def fault(self, sheet: str, row: int, problem: str) -> BadInput:
        return BadInput(str(self.path), f"sheet '{sheet}', row {row}: {problem}")

    def has(self, sheet: str) -> bool:
        return sheet in self.sheets

    def unread(self) -> list[str]:
        """Sheets that nobody asked for."""
        return sorted(set(self.sheets) - self.seen)

    def upright(self, sheet: str, columns: list[Column], required: bool = True) -> Record:
        """A record that stands upright: one field per row."""
        self.seen.add(sheet)
        if sheet not in self.sheets and required:
            raise BadInput(str(self.path), f"has no sheet '{sheet}'; accepted is a workbook as gridflex writes it")
        cells = {}
        for number, row in enumerate(self.sheets.get(sheet, [])[1:], start=2):
            if len(row) > 1 and row[0] is not None and row[1] is not None:
                cells[str(row[0]).strip()] = (number, row[1])
        return self._record(sheet, columns, cells)

    def records(self, sheet: str, columns: list[Column]) -> list[Record]:
        """One record per row that is not empty."""
        self.seen.add(sheet)
        rows = self.sheets.get(sheet, [])
        header = self._header(sheet, rows, columns)
        found = []
        for number, row in enumerate(rows[1:], start=2):
            cells = {name: (number, cell) for name, cell in zip(header, row, strict=False) if cell not in (None, "")}
            if len(row) > len(header):
                raise self.fault(sheet, number, "has more cells than the header; give every column a name")
            if cells:
                self._check_named(sheet, number, cells, columns)
                found.append(self._record(sheet, columns, cells))
        return found

    def _check_named(self, sheet: str, number: int, cells: dict[str, Any], columns: list[Column]) -> None:
        if "name" not in cells and any(column.path == "name" for column in columns):
            raise self.fault(sheet, number, "name is required and missing")

    def _header(self, sheet: str, rows: Rows, columns: list[Column]) -> list[str]:
        header = [str(cell).strip() if cell is not None else "" for cell in (rows[0] if rows else [])]
        named = [name for name in header if name]
        if len(set(named)) < len(named):
            raise self.fault(sheet, 1, "two columns have the same name; names must differ")
        known = {column.path for column in columns} | {TIME if sheet == "series" else "name"}
        for name in named if columns else []:
            if name not in known:
                raise self.fault(
                    sheet, 1, f"'{name[:80]}' is not a column here; accepted are {', '.join(sorted(known))}"
                )
        return header

    def _record(self, sheet: str, columns: list[Column], cells: dict[str, tuple[int, Any]]) -> Record:
        by_path = {column.path: column for column in columns}
        values = {path: self._value(sheet, row, by_path, path, cell) for path, (row, cell) in cells.items()}
        try:
            return nested(values)
        except ValueError as error:
            raise self.fault(sheet, next(iter(cells.values()))[0], str(error)) from error

    def _value(self, sheet: str, row: int, columns: dict[str, Column], path: str, cell: Any) -> Any:
        if path not in columns:
            raise self.fault(sheet, row, f"'{path[:80]}' is not a field here; accepted are {', '.join(columns)}")
        try:
            return from_cell(cell, columns[path], self._fetch(path))
        except ValueError as error:
            raise self.fault(sheet, row, f"{path}: {error}") from error

    def _fetch(self, path: str) -> Any:
        def fetch(name: str) -> list[Any]:
            if name not in self.series:
                raise ValueError(f"the sheet 'series' has no column '{name[:80]}'")
            values = self.series[name]
            # Only the commitment of a unit may leave a step open.
            if None in values and path != "commitment":
                raise ValueError(f"column '{name[:80]}' of the sheet 'series' is empty in row {values.index(None) + 2}")
            return values

        return fetch

    def _series(self) -> dict[str, list[Any]]:
        rows = self.sheets.get("series", [])
        header = self._header("series", rows, [])
        body = [[*row, *[None] * (len(header) - len(row))] for row in rows[1:]]
        while body and not any(cell is not None for cell in body[-1]):
            body.pop()
        return {name: [self._number(row, name, r[i]) for row, r in enumerate(body, 2)] for i, name in enumerate(header)}

    def _number(self, row: int, name: str, cell: Any) -> Any:
        if name == TIME or cell in (None, ""):
            return cell or None
        if isinstance(cell, bool) or is_finite(cell):
            return cell
        raise self.fault("series", row, f"column '{name[:80]}' must be a number (got {short(cell)})")

    def check_times(self, horizon: Any) -> None:
        """The times of the series, where they stand, must be those of the horizon."""
        if TIME not in self.series:
            return
        try:
            check_times(self.path, self.series[TIME], Horizon.model_validate(horizon))
        except ValidationError:
            return  # reported with the case
