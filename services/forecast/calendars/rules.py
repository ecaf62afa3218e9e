"""Holidays that follow from a rule, for regions where nobody makes days up: the United States, Spain."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from services.forecast.calendars.notices import Days, Special


@dataclass(frozen=True)
class Fixed:
    """The same date every year; where it is `observed`, Saturday moves to Friday and Sunday to Monday."""

    festival: str
    month: int
    day: int
    observed: bool = False
    since: int = 0

    def days(self, year: int) -> Iterator[date]:
        day = date(year, self.month, self.day)
        if year >= self.since:
            yield day
            if self.observed and day.weekday() >= 5:
                yield day + timedelta(-1 if day.weekday() == 5 else 1)


@dataclass(frozen=True)
class Weekday:
    """The n-th such weekday of a month; -1: the last."""

    festival: str
    month: int
    weekday: int
    rank: int

    def days(self, year: int) -> Iterator[date]:
        first = date(year, self.month, 1)
        such = [first + timedelta(days) for days in range(31) if (first + timedelta(days)).weekday() == self.weekday]
        in_month = [day for day in such if day.month == self.month]
        yield in_month[self.rank - 1 if self.rank > 0 else self.rank]


@dataclass(frozen=True)
class Easter:
    """So many days after Easter Sunday."""

    festival: str
    offset_days: int

    def days(self, year: int) -> Iterator[date]:
        yield easter(year) + timedelta(self.offset_days)


Rule = Fixed | Weekday | Easter

US = (
    Fixed("new_year", 1, 1, observed=True),
    Weekday("martin_luther_king_day", 1, 0, 3),
    Weekday("presidents_day", 2, 0, 3),
    Weekday("memorial_day", 5, 0, -1),
    Fixed("juneteenth", 6, 19, observed=True, since=2021),
    Fixed("independence_day", 7, 4, observed=True),
    Weekday("labor_day", 9, 0, 1),
    Weekday("columbus_day", 10, 0, 2),
    Fixed("veterans_day", 11, 11, observed=True),
    Weekday("thanksgiving", 11, 3, 4),
    Fixed("christmas", 12, 25, observed=True),
)
"""Federal holidays, 5 U.S.C. 6103."""
SPAIN = (
    Fixed("new_year", 1, 1),
    Fixed("epiphany", 1, 6),
    Easter("good_friday", -2),
    Fixed("labour_day", 5, 1),
    Fixed("assumption", 8, 15),
    Fixed("national_day", 10, 12),
    Fixed("all_saints", 11, 1),
    Fixed("constitution_day", 12, 6),
    Fixed("immaculate_conception", 12, 8),
    Fixed("christmas", 12, 25),
)
"""National holidays (Real Decreto 2001/1983, article 45); those of the regions are left out."""


def easter(year: int) -> date:
    """Easter Sunday in the Gregorian calendar (Meeus, Jones and Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e, g = b // 4, b % 4, (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    el = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * el) // 451
    month, day = divmod(h + el - 7 * m + 114, 31)
    return date(year, month, day + 1)


@cache
def ruled(rules: tuple[Rule, ...], year: int) -> Days:
    """The holidays of that year."""
    return {day: Special("off", rule.festival) for rule in rules for day in rule.days(year)}
