"""Holidays and made-up workdays of mainland China: as announced, and for years not yet announced by the rules.

The rules are those in force from 2025 (State Council order 795: 13 statutory days) and how notices have applied them:
a festival in the middle of the week borrows the day between it and the weekend, and the nearest weekend day that does
not touch the holiday is worked instead.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

from services.forecast.calendars import lunar
from services.forecast.calendars.notices import CHINA, Days, Special, noticed, span

STATUTORY_DAYS = {"spring_festival": 4, "labour_day": 2, "national_day": 3}
"""Of the others, one each."""
FAR_DAYS = 14
"""Beyond this nobody makes a day up."""


@cache
def special_days(year: int) -> Days:
    """Every day of that year that is not what its weekday says."""
    announced = {day: special for day, special in noticed(CHINA).items() if day.year == year}
    return announced or {day: special for day, special in _estimated_around(year).items() if day.year == year}


def is_announced(year: int) -> bool:
    return any(day.year == year for day in noticed(CHINA))


def _estimated_around(year: int) -> Days:
    """New Year's holiday may begin in December, so the next year is looked at too."""
    return {**_estimated(year + 1), **_estimated(year)}


def _estimated(year: int) -> Days:
    if not lunar.FIRST_YEAR <= year <= lunar.LAST_YEAR:
        return {}
    breaks = dict(_breaks(year))
    off = {day for days in breaks.values() for day in days}
    worked: dict[date, Special] = {}
    for festival, days in breaks.items():
        spare = sum(day.weekday() < 5 for day in days) - _statutory(festival, days)
        for day in _made_up(days, spare, off | set(worked)):
            worked[day] = Special("work", festival, estimated=True)
    return {day: Special("off", name, estimated=True) for name, days in breaks.items() for day in days} | worked


def _statutory(festival: str, days: tuple[date, ...]) -> int:
    joined = festival == "national_day" and len(days) > 7
    return STATUTORY_DAYS.get(festival, 1) + joined


def _breaks(year: int) -> Iterator[tuple[str, tuple[date, ...]]]:
    eve = lunar.NEW_YEARS[year] - timedelta(1)
    mid_autumn = lunar.MID_AUTUMNS[year]
    yield "new_year", _around(date(year, 1, 1))
    yield "spring_festival", span(eve, eve + timedelta(7))
    yield "qingming", _around(lunar.qingming(year))
    yield "labour_day", span(date(year, 5, 1), date(year, 5, 5))
    yield "dragon_boat", _around(lunar.DRAGON_BOATS[year])
    joined = date(year, 9, 29) <= mid_autumn <= date(year, 10, 8)
    if joined:
        first = min(mid_autumn, date(year, 10, 1))
        yield "national_day", span(first, first + timedelta(7))
    else:
        yield "mid_autumn", _around(mid_autumn)
        yield "national_day", span(date(year, 10, 1), date(year, 10, 7))


def _around(day: date) -> tuple[date, ...]:
    """Three days with the weekend in them; a festival on a Wednesday stands alone."""
    before, after = {0: (2, 0), 1: (2, 0), 2: (0, 0), 3: (0, 2), 4: (0, 2), 5: (0, 2), 6: (1, 1)}[day.weekday()]
    return span(day - timedelta(before), day + timedelta(after))


def _made_up(days: tuple[date, ...], count: int, taken: set[date]) -> tuple[date, ...]:
    """The weekend days to work: the nearest side first, then the other.

    Weekend days that touch a long holiday stay free; three days are made up right beside them.
    """
    gap = 1 if len(days) <= 3 else 2
    sides = [_weekend_days(days[0], -1, gap, taken), _weekend_days(days[-1], 1, gap, taken)]
    sides.sort(key=lambda side: min(abs((side[0] - days[0]).days), abs((side[0] - days[-1]).days)))
    ordered = [day for pair in zip(*sides, strict=False) for day in pair]
    return tuple(ordered[: max(count, 0)])


def _weekend_days(edge: date, direction: int, gap: int, taken: set[date]) -> list[date]:
    near = (edge + timedelta(direction * days) for days in range(gap, FAR_DAYS + 1))
    return [day for day in near if day.weekday() >= 5 and day not in taken]
