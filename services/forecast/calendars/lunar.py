"""The Chinese lunar calendar from 2000 to 2050, as far as people's days depend on it.

Typed from the tables of the Purple Mountain Observatory; a test checks them against each other: the Dragon Boat
Festival lies 4 lunar months and 4 days after the New Year, the Mid-Autumn Festival 7 months and 14 days.
"""

from datetime import date

FIRST_YEAR = 2000
LAST_YEAR = 2050

_NEW_YEARS = (
    "0205 0124 0212 0201 0122 0209 0129 0218 0207 0126 "
    "0214 0203 0123 0210 0131 0219 0208 0128 0216 0205 "
    "0125 0212 0201 0122 0210 0129 0217 0206 0126 0213 "
    "0203 0123 0211 0131 0219 0208 0128 0215 0204 0124 "
    "0212 0201 0122 0210 0130 0217 0206 0126 0214 0202 "
    "0123"
)
_DRAGON_BOATS = (
    "0606 0625 0615 0604 0622 0611 0531 0619 0608 0528 "
    "0616 0606 0623 0612 0602 0620 0609 0530 0618 0607 "
    "0625 0614 0603 0622 0610 0531 0619 0609 0528 0616 "
    "0605 0624 0612 0601 0620 0610 0530 0618 0607 0527 "
    "0614 0603 0622 0611 0531 0619 0608 0529 0615 0604 "
    "0623"
)
_MID_AUTUMNS = (
    "0912 1001 0921 0911 0928 0918 1006 0925 0914 1003 "
    "0922 0912 0930 0919 0908 0927 0915 1004 0924 0913 "
    "1001 0921 0910 0929 0917 1006 0925 0915 1003 0922 "
    "0912 1001 0919 0908 0927 0916 1004 0924 0913 1002 "
    "0920 0910 0928 0917 1005 0925 0915 1004 0922 0911 "
    "0930"
)


def _dates(days: str) -> dict[int, date]:
    return {year: date(year, int(day[:2]), int(day[2:])) for year, day in enumerate(days.split(), FIRST_YEAR)}


NEW_YEARS = _dates(_NEW_YEARS)
"""Spring Festival: the first day of the first month."""
DRAGON_BOATS = _dates(_DRAGON_BOATS)
"""The fifth day of the fifth month."""
MID_AUTUMNS = _dates(_MID_AUTUMNS)
"""The fifteenth day of the eighth month."""


def qingming(year: int) -> date:
    """The solar term when the sun stands at 15 degrees: 4 or 5 April (the usual rule of thumb for 2000-2099)."""
    short = year % 100
    return date(year, 4, int(short * 0.2422 + 4.81) - short // 4)
