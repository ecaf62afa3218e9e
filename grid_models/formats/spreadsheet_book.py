"""A workbook on disk: sheets of plain cells in and out, with notes, drop-downs and limits against bombs."""

import io
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from grid_models.errors import BadInput
from grid_models.formats.documents import MAX_BYTES, MAX_RATIO, RATIO_COUNTS_FROM_BYTES, read_bytes
from grid_models.formats.spreadsheet_cells import MAX_CELL_CHARACTERS, Cell

MAX_ROWS = 8784 * 12 + 1
MAX_COLUMNS = 4_000
LAST_CHOICE_ROW = 2_000
"""Drop-downs reach this far down."""


@dataclass
class Sheet:
    """A header with notes and choices, and rows of cells under it."""

    name: str
    header: list[str]
    rows: list[list[Cell]]
    notes: dict[str, str] = field(default_factory=dict)
    """By column: what it is."""
    choices: dict[str, str] = field(default_factory=dict)
    """By column: a list in quotes, or a range of another sheet."""


def write_book(path: Path, sheets: list[Sheet]) -> None:
    """The sheets as one workbook, whole or not at all."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for sheet in sheets:
        _write_sheet(book.create_sheet(sheet.name), sheet, path)
    draft = path.with_name(path.name + ".part")
    book.save(draft)
    draft.replace(path)


def _write_sheet(page: Worksheet, sheet: Sheet, path: Path) -> None:
    lines: list[list[Cell]] = [[*sheet.header], *sheet.rows]
    for row, cells in enumerate(lines, start=1):
        for column, value in enumerate(cells, start=1):
            if value is not None:
                _put(page, row, column, value, f"{path}: sheet '{sheet.name}', row {row}")
    for column, name in enumerate(sheet.header, start=1):
        head = page.cell(1, column)
        head.font = Font(bold=True)
        if name in sheet.notes:
            head.comment = Comment(sheet.notes[name][:2000], "gridflex", width=320, height=120)
        letter = get_column_letter(column)
        page.column_dimensions[letter].width = max(10, min(30, len(name) + 2))
        if name in sheet.choices:
            _offer(page, f"{letter}2:{letter}{LAST_CHOICE_ROW}", sheet.choices[name])
    page.freeze_panes = "B2"


def _put(page: Worksheet, row: int, column: int, value: Cell, place: str) -> None:
    cell = page.cell(row, column)
    if not isinstance(value, str):
        _put_number(cell, value)
        return
    if len(value) > MAX_CELL_CHARACTERS or ILLEGAL_CHARACTERS_RE.search(value):
        raise BadInput(place, "a text is longer than a cell can hold, or holds control characters; use YAML or JSON")
    cell.value = value
    # A name that begins with an equals sign is a name, not a formula.
    cell.data_type = "s"


def _put_number(cell: Any, value: Cell) -> None:
    cell.value = value
    # openpyxl keeps 16 digits, a number may need 17 to come back the same.
    if isinstance(value, float) and float(f"{value:.16g}") != value:
        cell.value = repr(value)
        cell.data_type = "n"


def _offer(page: Worksheet, cells: str, source: str) -> None:
    # Without error alerts: a list in one cell ("east; west") must stay possible.
    offer = DataValidation(type="list", formula1=source, allow_blank=True, showErrorMessage=False)
    page.add_data_validation(offer)
    offer.add(cells)


def read_book(path: Path) -> dict[str, list[list[Any]]]:
    """The rows of every sheet, values only; bombs and broken files are refused."""
    content = read_bytes(path)
    _check_archive(path, content)
    try:
        with warnings.catch_warnings():
            # What Excel adds beyond the standard is none of our concern.
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
            return {page.title: list(_rows(path, page)) for page in book.worksheets}
    except BadInput:
        raise
    except Exception as error:
        # openpyxl lets through whatever its parts raise: KeyError, TypeError, ParseError, BadZipFile ...
        raise BadInput(str(path), f"is not a sound workbook: {str(error)[:120] or type(error).__name__}") from error


def _check_archive(path: Path, content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            total = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise BadInput(str(path), f"is not a workbook: {error}; accepted is .xlsx") from error
    if total > MAX_BYTES or (total > RATIO_COUNTS_FROM_BYTES and total > MAX_RATIO * len(content)):
        raise BadInput(str(path), f"expands from {len(content):,} to {total:,} bytes; that is a bomb, not a case")


def _rows(path: Path, page: Any) -> Iterator[list[Any]]:
    # The size that a sheet claims for itself may be a lie.
    page.reset_dimensions()
    for number, row in enumerate(page.iter_rows(values_only=True), start=1):
        cells = list(row)
        if number > MAX_ROWS or len(cells) > MAX_COLUMNS:
            raise BadInput(
                str(path),
                f"sheet '{page.title}' has more than {MAX_ROWS:,} rows or {MAX_COLUMNS:,} columns; no case has",
            )
        while cells and cells[-1] in (None, ""):
            cells.pop()
        yield cells
