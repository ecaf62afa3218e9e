"""Three tables typed apart agree with each other."""

from datetime import date

from services.forecast.calendars.lunar import DRAGON_BOATS, FIRST_YEAR, LAST_YEAR, MID_AUTUMNS, NEW_YEARS, qingming

YEARS = range(FIRST_YEAR, LAST_YEAR + 1)


def test_tables_cover_every_year():
    assert list(YEARS) == list(NEW_YEARS) == list(DRAGON_BOATS) == list(MID_AUTUMNS)


def test_lunar_years_have_12_or_13_moons():
    """A moon takes 29.53 days: 12 make 354 or 355 days, 13 make 383 to 385."""
    lengths = {(NEW_YEARS[year + 1] - NEW_YEARS[year]).days for year in YEARS if year < LAST_YEAR}
    assert {353, 354, 355, 383, 384, 385} >= lengths


def test_dragon_boat_lies_four_moons_and_four_days_after_new_year():
    """118 days for four moons and four more; with a leap moon before it 29 or 30 more."""
    days = {(DRAGON_BOATS[year] - NEW_YEARS[year]).days for year in YEARS}
    assert {121, 122, 123, 124, 150, 151, 152, 153} >= days


def test_mid_autumn_lies_three_moons_and_ten_days_after_dragon_boat():
    """88 or 89 days for three moons and ten more; with a leap moon between 29 or 30 more."""
    days = {(MID_AUTUMNS[year] - DRAGON_BOATS[year]).days for year in YEARS}
    assert {97, 98, 99, 100, 127, 128, 129} >= days


def test_qingming():
    assert date(2024, 4, 4) == qingming(2024)
    assert date(2023, 4, 5) == qingming(2023)
    assert date(2027, 4, 5) == qingming(2027)
