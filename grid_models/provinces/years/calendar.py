"""The days of a year: working days, weekends, holidays."""

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from grid_models.provinces.facts import DayFact
from grid_models.provinces.nation import Nation
from grid_models.quantities import Floats

DAYS = 365
FESTIVAL_DAYS = (-3, 10)
"""Works close some days before New Year's Day and open again over a week after it."""
FIXED_HOLIDAYS = ((1, 1), (4, 5), (5, 1), (5, 2), (5, 3), (10, 1), (10, 2), (10, 3), (10, 4), (10, 5), (10, 6), (10, 7))


def days_of(year: int) -> tuple[date, ...]:
    """365 days from New Year; the last day of a leap year is left out, so that every year has 8,760 hours."""
    return tuple(date(year, 1, 1) + timedelta(days=one) for one in range(DAYS))


def rest_factor(year: int, rest: DayFact, nation: Nation) -> Floats:
    """What each day draws against a working day."""
    festival = _festival(year, nation)
    return np.array([_factor(one, rest, (one - festival).days) for one in days_of(year)])


def _festival(year: int, nation: Nation) -> date:
    month, day = nation.spring_festival.days[year].split("-")
    return date(year, int(month), int(day))


def _factor(day: date, rest: DayFact, since_festival: int) -> float:
    first, last = FESTIVAL_DAYS
    if first <= since_festival <= last:
        # Deepest around New Year's Day, eased at both ends.
        depth = 1 - abs(since_festival - 2) / (last + 1)
        return 1 - (1 - rest.spring_festival) * min(1.0, 1.6 * depth)
    if (day.month, day.day) in FIXED_HOLIDAYS:
        return rest.weekend - (1 - rest.weekend)
    return rest.weekend if day.weekday() >= 5 else 1.0


def month_of_day(year: int) -> NDArray[np.int64]:
    """0 for January."""
    return np.array([one.month - 1 for one in days_of(year)])


def through_months(values: tuple[float, ...]) -> Floats:
    """A value for every day of a year, eased through the middles of the months."""
    middles = (np.arange(-1, 13) + 0.5) * DAYS / 12
    around = np.array([values[-1], *values, values[0]])
    return np.asarray(np.interp(np.arange(DAYS) + 0.5, middles, around))
