"""When schools are on holiday: streets, classrooms and homes draw power at other hours then.

Provinces and districts differ by a week or two, so these are typical terms, marked as such.
"""

from datetime import date, timedelta
from typing import Literal

from services.forecast.calendars import lunar

Terms = Literal["china", "us", "spain"]
TYPICAL = True


def school_is_out(day: date, terms: Terms) -> bool:
    """Whether a typical school of the region is in its long holidays."""
    return {"china": _china, "us": _us, "spain": _spain}[terms](day)


def _china(day: date) -> bool:
    """July and August; three weeks before the Spring Festival until the Lantern Festival two weeks after."""
    new_year = lunar.NEW_YEARS.get(day.year)
    winter = new_year is not None and new_year - timedelta(21) <= day <= new_year + timedelta(15)
    return winter or day.month in (7, 8)


def _us(day: date) -> bool:
    return (
        (6, 15) <= (day.month, day.day) <= (8, 20) or (day.month, day.day) >= (12, 23) or day.timetuple().tm_yday <= 2
    )


def _spain(day: date) -> bool:
    return (
        (6, 22) <= (day.month, day.day) <= (9, 10) or (day.month, day.day) >= (12, 23) or day.timetuple().tm_yday <= 7
    )
