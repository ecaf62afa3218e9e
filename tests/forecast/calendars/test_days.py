"""What kind of day it is, by region, and what a user knows better."""

import numpy as np
import pytest

from services.forecast.calendars.days import OVERRIDES, day_kinds
from services.forecast.calendars.notices import BadNotice


def days(*dates: str):
    return np.array(dates, dtype="datetime64[D]")


def test_national_day_week_of_2024():
    """Sunday 29 September is worked, Monday a workday, from Tuesday the first day of the holiday."""
    of = day_kinds(days("2024-09-29", "2024-09-30", "2024-10-01", "2024-10-07", "2024-10-08"))
    assert [True, False, False, False, False] == of.made_up.tolist()
    assert [False, False, True, True, False] == of.free.tolist()
    assert [0, 0, 1, 7, 0] == of.rank.tolist()
    assert ["national_day", "", "national_day", "national_day", ""] == of.festival.tolist()


def test_regions_keep_their_own_holidays():
    fourth_of_july = days("2017-07-04")
    assert day_kinds(fourth_of_july, "US").off[0]
    assert not day_kinds(fourth_of_july, "Spain").off[0]
    assert not day_kinds(fourth_of_july).off[0]


def test_a_province_keeps_the_holidays_of_china():
    assert day_kinds(days("2024-02-10"), "Zhejiang").off[0]


def test_days_from_the_spring_festival():
    """It was 10 February in 2024; 31 days away it is out of reach."""
    assert [-1, 0, 15, 99] == day_kinds(
        days("2024-02-09", "2024-02-10", "2024-02-25", "2024-03-12")
    ).lunar_days.tolist()
    assert [99] == day_kinds(days("2024-02-10"), "US").lunar_days.tolist()


def test_a_single_workday_by_a_holiday_is_a_bridge():
    """Christmas 2017 was a Monday; Friday 8 December 2017 a holiday in Spain, Wednesday the 6th too."""
    assert [False, True, False] == day_kinds(days("2017-12-06", "2017-12-07", "2017-12-08"), "Spain").bridge.tolist()


def test_unpublished_years_are_marked():
    assert [False, True] == day_kinds(days("2026-07-01", "2029-07-01")).estimated.tolist()


def test_schools():
    assert [True, False] == day_kinds(days("2024-08-01", "2024-09-10")).school_out.tolist()


def test_a_user_knows_better(tmp_path):
    """A day that the notice calls a holiday becomes usual, another one is worked."""
    file = tmp_path / "ours.csv"
    file.write_text("from,to,kind,festival\n2024-10-01,2024-10-02,usual,\n2024-10-12,2024-10-13,work,fair\n")
    of = day_kinds(days("2024-10-01", "2024-10-03", "2024-10-13"), overrides=file)
    assert [False, True, False] == of.free.tolist()
    assert [False, False, True] == of.made_up.tolist()


def test_the_environment_names_a_file(tmp_path, monkeypatch):
    """11 January 2024 was a Thursday."""
    file = tmp_path / "ours.csv"
    file.write_text("from,to,kind,festival\n2024-01-11,2024-01-11,off,flood\n")
    monkeypatch.setenv(OVERRIDES, str(file))
    assert day_kinds(days("2024-01-11")).off[0]


@pytest.mark.parametrize(
    "line", ["2024-10-01,2024-09-01,off,x", "today,2024-10-01,off,x", "2024-10-01,2024-10-01,holiday,x"]
)
def test_a_bad_line_is_named(tmp_path, line):
    file = tmp_path / "bad.csv"
    file.write_text(f"from,to,kind,festival\n{line}\n")
    with pytest.raises(BadNotice, match="line 2"):
        day_kinds(days("2024-10-01"), overrides=file)


def test_no_days():
    assert 0 == len(day_kinds(days()).free)
