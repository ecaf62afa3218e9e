"""What closes the gap of the worked example, and small build-outs by hand."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from dispatch.assessment.textbook import ALL, fleet, strict

from services.dispatch.assessment.capability import deliverable_mw
from services.dispatch.assessment.closing import Option, accreditation, closed, cost_curve, least_cost, path
from services.dispatch.assessment.responders import Responder

approx = pytest.approx
STEADY = Option("steady", Responder("steady", 100), 200, fixed_cny_per_kw_year=100, called_cny_per_kwh=1)
SHORT = Option("short", Responder("short", 100, energy_mwh=200), 400, fixed_cny_per_kw_year=80, called_cny_per_kwh=1)
OPTIONS = (STEADY, SHORT)
SHARES = {"steady": 1.0, "short": 0.5}


def four_hours(responders: Sequence[Responder]) -> float:
    return deliverable_mw(replace(fleet(), responders=tuple(responders)), strict(4))


def test_the_curve_orders_by_the_cost_of_what_counts():
    """
    At 20 h of calls: steady 120 a kW; short 100, of which half counts: 200. Steady first, though dearer by name plate.

    In all 120 x 200,000 = 24 million, then 200 x 200,000 = 40 million more.
    """
    first, second = cost_curve(OPTIONS, SHARES, call_h=20)
    assert ("steady", 120, 200, 24e6) == approx(_of(first))
    assert ("short", 200, 400, 64e6) == approx(_of(second))


def _of(step):
    return step.option, step.cny_per_kw_year, step.cumulated_mw, step.total_cny_per_year


def test_the_cheapest_build_out_keeps_to_lead_times_and_pace():
    """
    50 MW missing in the first year, 250 in the second. Short takes a year: steady alone in the first.

    Then steady 200 and short 100 of which 50 count. At 60 MW a year steady grows from 50 to 110 and short gives
    (250 - 110) x 2: ten more of steady a year early would cost 1.2 million and save 0.8.
    """
    late = replace(SHORT, lead_years=1)
    gaps = {2027: 50.0, 2028: 250.0}
    found = least_cost(gaps, (STEADY, replace(late, lead_years=2)), SHARES, 20, now=2026)
    assert (50, 200) == approx(found.contracted_mw["steady"])
    assert (0, 100) == approx(found.contracted_mw["short"], abs=1e-6)
    assert (6e6, 200 * 120e3 + 100 * 100e3) == approx(found.cost_cny_per_year)
    slow = least_cost(gaps, (replace(STEADY, build_max_mw_per_year=60, lead_years=1), late), SHARES, 20, now=2026)
    assert 110 == approx(slow.contracted_mw["steady"][1])
    assert 280 == approx(slow.contracted_mw["short"][1])
    assert (0, 0) == approx(slow.missing_mw, abs=1e-6)


def test_what_nothing_can_close_is_said():
    """Steady 200 and short 400 / 2 are all there is: 100 of 500 MW stay missing."""
    found = least_cost({2027: 500.0}, OPTIONS, SHARES, 20, now=2026)
    assert (100,) == approx(found.missing_mw)


def test_what_an_option_adds_depends_on_the_fleet():
    """
    A steady MW counts whole. A store of 100 MW for two hours beside steel, which fills two hours with 128.25:

    380 MWh of stores as d in each of those hours and 128.25 + d in each of the others: d = 30.875, so 159.125 - 90.
    """
    shares = accreditation(ALL, four_hours(ALL), OPTIONS, four_hours)
    assert 1 == approx(shares["steady"], abs=1e-3)
    assert 0.69125 == approx(shares["short"], abs=1e-3)


def test_the_gap_of_the_worked_example_is_closed_and_assessed_again():
    """163.2 MW of steady response at 120 CNY a kW lift 336.8 to 500."""
    found = closed(ALL, OPTIONS, 500, four_hours, call_h=20, year=2027, now=2026)
    assert (336.8, 500) == approx((found.before_mw, found.after_mw), abs=0.5)
    assert 163.2 == approx(found.portfolio.contracted_mw["steady"][0], abs=0.5)
    assert found.gap_mw <= 0.5


def test_the_path_without_doubt_is_arithmetic():
    """1,000 MW growing 10 %, 5 % asked; 40 MW there and 5 more a year: gaps of 10, 10, 10.5 MW."""
    years = path(2026, (2026, 2027, 2028), 1000, (0.1,) * 3, 40, (5.0,) * 3, lambda _: 0.05)
    assert [10, 10, 10.5] == approx([one.gap_mw[1] for one in years])
    assert [0, 0, 0] == [one.met for one in years]


def test_doubt_widens_with_the_years():
    """P50 and P90 of the peak grow at those rates. 60 MW suffice for 1,200 MW: 4.66 % a year, the 63rd percentile."""
    first, last = path(2026, (2027, 2030), 1000, (0.02, 0.04, 0.06), 60, (0.0, 0.0, 0.0), lambda _: 0.05)
    assert 1040 == approx(first.peak_mw[1], rel=2e-3)
    assert 1000 * 1.06**4 == approx(last.peak_mw[2], rel=2e-3)
    assert first.met == 1
    assert 0.633 == approx(last.met, abs=0.02)
