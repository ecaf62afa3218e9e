"""What stands in a cell: a value of the native form as a planner would type it, and back."""

import json
from collections.abc import Callable
from typing import Any

from grid_models.formats.spreadsheet_columns import Column

SERIES_PREFIX = "series!"
MAX_CELL_CHARACTERS = 32_767
"""Of Excel."""
Cell = str | float | int | bool | None
Record = dict[str, Any]
Fetch = Callable[[str], list[Any]]


def to_cell(value: Any, column: Column) -> Cell:
    """The value as a cell; what the short form cannot say stands as JSON."""
    if isinstance(value, dict):
        return f"{SERIES_PREFIX}{value['column']}"
    if not isinstance(value, list):
        return value if value is None or isinstance(value, bool | int | float) else str(value)
    text = _as_text(value, column)
    try:
        same = text != "" and from_cell(text, column, _no_series) == value
    except ValueError:
        same = False
    return text if same else json.dumps(value, ensure_ascii=False)


def _no_series(name: str) -> list[Any]:
    raise ValueError(name)


def _as_text(items: list[Any], column: Column) -> str:
    if column.form == "rows":
        return "; ".join(_row_as_text(item, column) for item in items)
    return "; ".join(_shown(item) for item in items)


def _row_as_text(item: Record, column: Column) -> str:
    return column.separator.join(_shown(item.get(part)) for part in column.parts).rstrip(":")


def _shown(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return "" if value is None else str(value)


def from_cell(cell: Any, column: Column, fetch: Fetch) -> Any:
    """The value that a cell means; `ValueError` in words where it means none."""
    if column.form in ("text", "choice"):
        # A name such as 101 arrives as a number.
        return _shown(cell) if isinstance(cell, int | float) and not isinstance(cell, bool) else cell
    if not isinstance(cell, str):
        return [_part(cell)] if column.form in ("words", "rows") else cell
    text = cell.strip()
    if text.startswith(("[", "{")):
        return _json(text)
    if column.form == "series":
        return _series(text, fetch)
    if column.form == "rows":
        return [_row(row, column) for row in text.split(";") if row.strip()]
    return [word.strip() for word in text.split(";") if word.strip()] if column.form == "words" else cell


def _series(text: str, fetch: Fetch) -> Any:
    if text.lower().startswith(SERIES_PREFIX):
        return fetch(text[len(SERIES_PREFIX) :].strip())
    values = [_part(part) for part in text.split(";") if part.strip()]
    return values if len(values) > 1 else text


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{text[:60]!r} is no list") from error


def _row(text: str, column: Column) -> Record:
    cells = [
        cell.strip() for cell in text.strip().split(column.separator.strip() if column.separator == ":" else " to ")
    ]
    if len(cells) > len(column.parts):
        raise ValueError(f"{text.strip()[:60]!r} has {len(cells)} parts; give {column.separator.join(column.parts)}")
    return {part: _part(cell) for part, cell in zip(column.parts, cells, strict=False) if cell != ""}


def _part(text: Any) -> Any:
    try:
        return float(text)
    except (TypeError, ValueError):
        return text.strip() if isinstance(text, str) else text


def flat(record: Record, columns: list[Column]) -> list[Cell]:
    """The cells of a record, one per column."""
    return [to_cell(_at(record, column), column) for column in columns]


def _at(record: Record, column: Column) -> Any:
    here: Any = record
    for key in column.path.split("."):
        if not isinstance(here, dict):
            return None
        here = here.get(key)
    fits = not isinstance(here, dict) or set(here) == {"file", "column"}
    return here if fits else None


def nested(cells: dict[str, Any]) -> Record:
    """The record whose cells these are: dotted names become fields inside fields."""
    record: Record = {}
    for path, value in cells.items():
        *parents, last = path.split(".")
        here = record
        for key in parents:
            inner = here.setdefault(key, {})
            if not isinstance(inner, dict):
                raise ValueError(f"'{key}' and '{path}' are both given; keep one")
            here = inner
        if isinstance(here.get(last), dict):
            raise ValueError(f"'{path}' and a field inside it are both given; keep one")
        here[last] = value
    return record
