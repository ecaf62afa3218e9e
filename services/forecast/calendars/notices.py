"""What a government announced about its holidays: spans of days off and of weekend days that are worked instead.

The file of a region and the file of a user that overrides it have the same columns: `from,to,kind,festival`, where
kind is `off`, `work` (a weekend day made up) or `usual` (takes an earlier entry back).
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Literal, cast, get_args

Kind = Literal["off", "work", "usual"]
CHINA = Path(__file__).parent / "china.csv"
"""Notices of the General Office of the State Council on the arrangement of some holidays, one for each year."""


@dataclass(frozen=True)
class Special:
    """A day that is not what its weekday says."""

    kind: Kind
    festival: str
    estimated: bool = False
    """Not announced yet: worked out by the rules."""


class BadNotice(ValueError):
    """A line of a holiday file cannot be read."""


Days = Mapping[date, Special]


@cache
def noticed(path: Path) -> Days:
    """The special days of a file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return _days(csv.DictReader(file), path)


def _days(lines: Iterable[Mapping[str, str]], path: Path) -> Days:
    days: dict[date, Special] = {}
    for number, line in enumerate(lines, 2):
        try:
            first, last, kind = date.fromisoformat(line["from"]), date.fromisoformat(line["to"]), line["kind"]
        except (KeyError, TypeError, ValueError) as fault:
            raise BadNotice(f"{path} line {number}: needs from and to as dates, kind and festival: {fault}") from None
        if kind not in get_args(Kind) or last < first:
            raise BadNotice(f"{path} line {number}: kind must be off, work or usual, and to not before from")
        special = Special(cast(Kind, kind), line.get("festival") or "")
        days |= dict.fromkeys(span(first, last), special)
    return days


def span(first: date, last: date) -> tuple[date, ...]:
    """The days from the first to the last, both included."""
    return tuple(first + timedelta(days) for days in range((last - first).days + 1))
