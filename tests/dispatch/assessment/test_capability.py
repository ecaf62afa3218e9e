"""The four levels of the worked example, and one small fleet for every limit."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import numpy as np
import pytest
from dispatch.assessment.textbook import ALL, BATTERY, COOLING, PEAK_MW, STEEL, fleet, peak_day, strict

from services.dispatch.assessment.capability import (
    Fleet,
    capability,
    contracted_mw,
    deliverable_mw,
    theoretical_mw,
    verified_mw,
    windows_for,
)
from services.dispatch.assessment.document.levels import Test
from services.dispatch.assessment.peaks import LoadYear
from services.dispatch.assessment.profiles import TestRules
from services.dispatch.assessment.responders import Responder
from services.dispatch.assessment.shaving import shaved_peak_mw

approx = pytest.approx


def test_contracted_and_theoretical_of_the_worked_example():
    """200 + 180 + 120 + 100 + 150 = 750; 150 + 180 + 120 + 100 + 40 = 590 of 10,000."""
    assert 750 == contracted_mw(ALL)
    assert 590 == approx(theoretical_mw(fleet()))


@pytest.mark.parametrize(("hours", "mw"), [(1, 472.05), (2, 465.05), (3, 343.8), (4, 336.8)])
def test_deliverable_of_the_worked_example(hours: float, mw: float):
    """
    144 + 64.8 + 38 = 246.8 at any hour; steel 128.25 for two hours; the battery 97, or 180 MWh over the hours.

    Two hours: 246.8 + 128.25 + 90. Three: the third hour has 246.8 + 97. Four: 246.8 + 90 in the two without steel.
    """
    assert mw == approx(deliverable_mw(fleet(), strict(hours)), abs=1e-3)


def test_the_shaved_peak_of_the_worked_example():
    """At 15:00 all that is there in one hour, 472.05; no rebound lifts 18:00 or 19:00 above that."""
    assert 9527.95 == approx(shaved_peak_mw(fleet(), strict(4)), abs=1e-3)


def test_every_lost_megawatt_has_its_cause():
    """
    160 to the baseline (steel 50, captive 110). Availability: steel 7.5, charging 48, battery 3. Delivery: steel
    142.5 * .1, cooling 36, charging 72 * .1, captive 2. Energy: 97 - 45 while steel can fill any hour; block: the rest.
    """
    found = capability(fleet(), strict(4))
    lost = {loss.cause: loss.mw for loss in found.losses}
    assert 160 == approx(lost["baseline"])
    assert 58.5 == approx(lost["availability"], abs=1e-3)
    assert 59.45 == approx(lost["delivery"], abs=1e-3)
    assert 52 == approx(lost["energy"], abs=1e-3)
    assert 83.25 == approx(lost["block"], abs=1e-3)
    assert 750 - 336.8 == approx(sum(lost.values()), abs=1e-3)
    assert 163.2 == approx(500 - found.deliverable_mw, abs=1e-3)


def test_shares_add_up_to_the_levels():
    found = capability(fleet(), strict(4))
    assert found.contracted_mw == approx(sum(one.contracted_mw for one in found.shares))
    assert found.theoretical_mw == approx(sum(one.theoretical_mw for one in found.shares))
    assert found.deliverable_mw == approx(sum(one.deliverable_mw for one in found.shares), abs=1e-3)


def held(*responders: Responder, hours: float = 2, **limits: float) -> float:
    return deliverable_mw(Fleet(peak_day(), responders, limits), strict(hours))


def plain(**fields: Any) -> Responder:
    return Responder("users", 100, **fields)


def test_notice_that_is_too_long_gives_nothing():
    """STRICT gives four hours' notice."""
    assert 100 == approx(held(plain(notice_h=4)))
    assert 0 == approx(held(plain(notice_h=4.5)))


def test_lines_that_are_spared_count_and_corridors_bind():
    """100 MW at the user spare 100 / 0.92 at the grid; a corridor of 60 MW lets 60 MW of them through."""
    assert 100 / 0.92 == approx(held(plain(loss=0.08)))
    assert 60 == approx(held(plain(corridors=("north",)), north=60))


def test_rebound_inside_the_window_is_taken_off():
    """
    An hour of x MW returns x / 2 MWh over the next two hours: x / 4 each.

    Beside 100 MW that fail in the last of three hours it is called last, and what returns falls behind: 100.
    Where they fail in the first: x there and 100 - x / 4 after it, equal at 80.
    """
    back = plain(duration_h=1, rebound_share=0.5, rebound_window_h=2)
    assert 100 == approx(held(all_but(16), replace(back, name="back"), hours=3))
    assert 80 == approx(held(all_but(14), replace(back, name="back"), hours=3))


def all_but(hour: int) -> Responder:
    return Responder("steady", 100, tuple(0.0 if one == hour else 100.0 for one in range(24)))


def two_days(*responders: Responder, hours: float = 1) -> float:
    """The peak twice, on two days."""
    twice = LoadYear(np.tile(peak_day().load_mw, 2), datetime(2030, 7, 15))  # noqa: DTZ001
    return deliverable_mw(Fleet(twice, responders, {}), strict(hours))


def test_calls_of_the_year_are_one_ledger():
    """One call each, two events: two such users cover one event each; alone, one event goes without."""
    once = plain(calls_per_year=1)
    assert 0 == approx(two_days(once))
    assert 100 == approx(two_days(once, replace(once, name="others")))


def test_rest_keeps_the_second_event_free():
    """Runs at 15:00 on both days: 23 hours lie between the calls."""
    assert 100 == approx(two_days(plain(rest_h=23)))
    assert 0 == approx(two_days(plain(rest_h=24)))


def test_calls_of_the_day_cover_two_events_of_one_day():
    """Peaks at 11:00 and 20:00, one hour each."""
    load = np.full(24, 50.0)
    load[[11, 20]] = 100
    year = LoadYear(load, datetime(2030, 7, 15))  # noqa: DTZ001
    assert 0 == approx(deliverable_mw(Fleet(year, (plain(calls_per_day=1),), {}), strict(1)))
    assert 100 == approx(deliverable_mw(Fleet(year, (plain(calls_per_day=2),), {}), strict(1)))


def test_events_whose_windows_overlap_are_one():
    """Peaks at 10:00 and 12:00: for three hours the window is 10:00-13:00, not four hours from 9:00; for one, two."""
    load = np.full(24, 50.0)
    load[[10, 12]] = 100, 99
    year = LoadYear(load, datetime(2030, 7, 15))  # noqa: DTZ001
    assert [(10, 13)] == [(one.first, one.end) for one in windows_for(year, strict(3))]
    assert [(10, 11), (12, 13)] == [(one.first, one.end) for one in windows_for(year, strict(1))]


def test_nine_events_in_ten():
    """Ten days, one call less than events: the tenth may go without at 10 %, but not at the minimum."""
    ten = LoadYear(np.tile(peak_day().load_mw, 10), datetime(2030, 7, 15))  # noqa: DTZ001
    users = Fleet(ten, (plain(calls_per_year=9),), {})
    profile = strict(1)
    assert 0 == approx(deliverable_mw(users, profile))
    assert 100 == approx(deliverable_mw(users, profile.model_copy(update={"deliverable_statistic": "p10"})))


def test_a_rebound_may_make_the_new_peak():
    """
    100 MW shed at 15:00 for one hour comes back whole in the next one: 9,900 + 100 would be the old peak.

    Divided: shed x at 15:00, 9,900 + x at 16:00; equal at x = 50.
    """
    back = plain(duration_h=1, rebound_share=1, rebound_window_h=1)
    assert 9950 == approx(shaved_peak_mw(fleet(back), strict(4)), abs=1e-3)


def test_verified_of_the_worked_example():
    """Four tests with mean .875 and a lower bound of .8128: 200 MW count 162.6."""
    tests = tuple(
        Test(responder="steel", date=date(2030, 1 + month, 1), ratio=ratio)
        for month, ratio in enumerate((0.92, 0.85, 0.78, 0.95))
    )
    tested = replace(fleet(STEEL, COOLING), tests=tests)
    assert 162.6 == approx(verified_mw(tested, TestRules()), abs=0.05)
    late = replace(tested, today=date(2031, 7, 1))
    assert verified_mw(late, TestRules()) is None
    assert 0 == verified_mw(late, TestRules(untested="zero"))


def test_other_statistics_of_the_theoretical_level():
    """Headroom 100 at 15:00 and 60 in the three other peak hours: 100, 70 on average, 60 at least."""
    users = Responder("users", 100, tuple(100.0 if hour == 15 else 60.0 for hour in range(24)))
    assert [100, 70, 60] == approx([theoretical_mw(fleet(users), 0.95, how) for how in ("at peak", "mean", "min")])


def test_a_battery_alone_lasts_as_long_as_its_energy():
    """180 MWh over four hours."""
    assert 45 == approx(held(BATTERY, hours=4))
    assert len(PEAK_MW) == 7


def test_a_day_on_which_the_same_calls_suffice_is_not_searched_again():
    """The day of the worked example twice, then 50 MW lower with a peak of its own at night: K* is the larger.

    At night the battery of 180 MWh and the others leave no less than on the first day: 9,527.95.
    """
    first = fleet()
    lower = first.year.load_mw - 50
    lower[2] = 9_600
    year = LoadYear(np.concatenate([first.year.load_mw, lower]), first.year.start)
    both = replace(first, year=year)
    assert 9527.95 == approx(shaved_peak_mw(both, strict(4)), abs=1e-2)
