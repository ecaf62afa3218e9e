"""A row of the table: one tool on one file. Rows live in a CSV file, so that a run can be stopped and resumed."""

import csv
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from benchmarks.gaps import Point

LEVELS = {"to_1": 0.01, "to_0_5": 0.005, "to_0_1": 0.001, "to_0_05": 0.0005, "to_0_01": 0.0001}
"""Column and proven gap."""
MOMENTS_S = {"gap_30": 30.0, "gap_120": 120.0, "gap_300": 300.0}
"""Column and seconds."""
RELAXED = "relaxed"
"""Said of a peer whose model leaves rules out: its schedule is none, and its time is no match for the others'."""
KEY = ("file", "tool", "version", "digest", "gap_asked", "limit_s", "threads")
"""Columns that say what was measured, and how."""
Key = tuple[str | float, ...]


@dataclass(frozen=True)
class Row:
    """What was measured. Times in seconds from when reading began; gaps as shares; None: never, or unknown."""

    file: str
    family: str
    tool: str
    version: str
    digest: str
    gap_asked: float
    limit_s: float
    threads: int
    units: int
    read_s: float | None = None
    build_s: float | None = None
    hand_over_s: float | None = None
    to_1: float | None = None
    to_0_5: float | None = None
    to_0_1: float | None = None
    to_0_05: float | None = None
    to_0_01: float | None = None
    total_s: float | None = None
    cost: float | None = None
    bound: float | None = None
    gap: float | None = None
    peak_mb: float | None = None
    gap_30: float | None = None
    gap_120: float | None = None
    gap_300: float | None = None
    counted_s: float | None = None
    """What counts: the total where the gap asked for was proven in time, else the limit; None: it failed."""
    at_least: bool = False
    """Whether it would have taken longer than what counts."""
    ratio: float | None = None
    """What counts for Egret on the same file over what counts here."""
    ratio_sign: str = ""
    """`>=` where Egret, `<=` where this would have taken longer."""
    checked: str = "-"
    ended: str = ""

    @property
    def key(self) -> Key:
        """Rows with the same key measure the same."""
        return tuple(getattr(self, name) for name in KEY)


def paired(row: Row, egret: Row | None) -> Row:
    """The row with its ratio to Egret's on the same file; none where both ran into the limit, or rules are left out."""
    if egret is None or row.checked == RELAXED:
        return row
    if not egret.counted_s or not row.counted_s or (egret.at_least and row.at_least):
        return row
    sign = ">=" if egret.at_least else "<=" if row.at_least else ""
    return replace(row, ratio=egret.counted_s / row.counted_s, ratio_sign=sign)


def append(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """Add records to a CSV file, which gets its header with the first."""
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as stream:
        for record in records:
            writer = csv.DictWriter(stream, list(record))
            if new:
                writer.writeheader()
            writer.writerow({name: "" if value is None else value for name, value in record.items()})
            new = False


def append_row(path: Path, row: Row) -> None:
    append(path, [asdict(row)])


def append_points(path: Path, row: Row, points: Iterable[Point]) -> None:
    """Beside the table: how plan and bound came to be."""
    key = dict(zip(KEY, row.key, strict=True))
    append(path, ({**key, **asdict(point)} for point in points))


def read_rows(path: Path) -> list[Row]:
    """The rows of a table; none where there is no file."""
    return [
        Row(**{item.name: _value(item.type, record[item.name]) for item in fields(Row)}) for record in _records(path)
    ]


def read_points(path: Path) -> dict[Key, tuple[Point, ...]]:
    """By the key of the row."""
    kinds = {item.name: item.type for item in fields(Row)}
    found: dict[Key, list[Point]] = {}
    for record in _records(path):
        cost, bound = (_value(None, record[name]) for name in ("cost", "bound"))
        key = tuple(_value(kinds[name], record[name]) for name in KEY)
        found.setdefault(key, []).append(Point(float(record["seconds"]), cost, bound))
    return {key: tuple(points) for key, points in found.items()}


def _records(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _value(kind: Any, text: str) -> Any:
    if kind is bool:
        return text == "True"
    if kind in (int, float, str):
        return kind(text)
    return float(text) if text else None
