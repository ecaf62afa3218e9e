"""Holidays by rule fall where calendars say they fell."""

from datetime import date

import pytest

from services.forecast.calendars.rules import SPAIN, US, easter, ruled


@pytest.mark.parametrize("day", [date(2008, 3, 23), date(2017, 4, 16), date(2024, 3, 31), date(2038, 4, 25)])
def test_easter(day):
    assert day == easter(day.year)


def test_federal_holidays_of_2017():
    """New Year's Day was a Sunday and observed on Monday; Veterans Day a Saturday, observed on Friday."""
    days = (
        (1, 1), (1, 2), (1, 16), (2, 20), (5, 29), (7, 4), (9, 4), (10, 9), (11, 10), (11, 11), (11, 23), (12, 25)
    )  # fmt: skip
    assert {date(2017, *day) for day in days} == set(ruled(US, 2017))


def test_juneteenth_since_2021():
    assert date(2020, 6, 19) not in ruled(US, 2020)
    assert "juneteenth" == ruled(US, 2023)[date(2023, 6, 19)].festival


def test_spain():
    assert "good_friday" == ruled(SPAIN, 2017)[date(2017, 4, 14)].festival
    assert 10 == len(ruled(SPAIN, 2017))
