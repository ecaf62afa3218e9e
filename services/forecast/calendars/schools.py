"""When schools are on holiday: streets, classrooms and homes draw power at other hours then.

Provinces and districts differ by a week or two, so what is built in are typical terms, marked as such; a file of the
same form that the environment names in `GRIDFLEX_FORECAST_SCHOOLS` takes the place of the regions that it has.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from services.forecast.calendars import lunar
from services.forecast.calendars.overriding import BadTable, named, read

BUILT_IN = Path(__file__).with_name("schools.yaml")
OVERRIDES = "GRIDFLEX_FORECAST_SCHOOLS"
Stretch = Callable[[date], bool]


@dataclass(frozen=True)
class Terms:
    """The long holidays of the schools of a region."""

    source: str
    verified: bool
    stretches: tuple[Stretch, ...]

    def out(self, day: date) -> bool:
        return any(stretch(day) for stretch in self.stretches)


def school_is_out(day: date, region: str, country: str) -> bool:
    """Whether a school of the region is in its long holidays; a region without terms has those of its country."""
    tables = terms(named(OVERRIDES))
    return (tables.get(region) or tables[country]).out(day)


@cache
def terms(path: Path | None) -> Mapping[str, Terms]:
    """By region; those of the file instead of ours."""
    own = {} if path is None else _read(path)
    return {**_read(BUILT_IN), **own}


def _read(path: Path) -> dict[str, Terms]:
    return {region: _terms(f"{path}: {region}", table) for region, table in read(path).items()}


def _terms(place: str, table: Any) -> Terms:
    stretches = table.get("out") if isinstance(table, dict) else None
    if not isinstance(stretches, list) or not stretches:
        raise BadTable(f"{place}: needs `out`, a list of stretches such as {{from: 07-01, to: 08-31}}")
    read_as = tuple(_stretch(f"{place}, stretch {number}", one) for number, one in enumerate(stretches, 1))
    return Terms(str(table.get("source", "")), bool(table.get("verified", False)), read_as)


def _stretch(place: str, entry: Any) -> Stretch:
    try:
        first, last = entry["from"], entry["to"]
        if entry.get("around") == "spring_festival":
            return _around_new_year(int(first), int(last))
        if "around" in entry:
            raise ValueError(f"{entry['around']} is no festival here; accepted is spring_festival")
        if len(str(first)) == len("07-01"):
            return _yearly(_month_day(first), _month_day(last))
        return _dated(date.fromisoformat(str(first)), date.fromisoformat(str(last)))
    except (KeyError, TypeError, AttributeError, ValueError) as fault:
        raise BadTable(f"{place}: {entry}: needs from and to, both as 07-01, 2030-07-01 or days: {fault}") from None


def _month_day(text: Any) -> tuple[int, int]:
    leap = date.fromisoformat(f"2000-{text}")
    return leap.month, leap.day


def _yearly(first: tuple[int, int], last: tuple[int, int]) -> Stretch:
    if first <= last:
        return lambda day: first <= (day.month, day.day) <= last
    return lambda day: (day.month, day.day) >= first or (day.month, day.day) <= last


def _dated(first: date, last: date) -> Stretch:
    if last < first:
        raise ValueError("it ends before it begins")
    return lambda day: first <= day <= last


def _around_new_year(first: int, last: int) -> Stretch:
    def inside(day: date) -> bool:
        new_year = lunar.NEW_YEARS.get(day.year)
        return new_year is not None and new_year + timedelta(first) <= day <= new_year + timedelta(last)

    return inside
