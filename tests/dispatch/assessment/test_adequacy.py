"""Adequacy by hand, by enumeration and by sampling: the three agree."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from dispatch.building import battery, case, free, given, thermal

from services.dispatch.assessment.adequacy import (
    CalledLoad,
    Store,
    System,
    Unit,
    enumerated,
    sampled,
    sampled_outages,
)
from services.dispatch.assessment.parts import system_of
from services.dispatch.assessment.peaks import LoadYear
from services.dispatch.assessment.risk import TOGETHER, Supply, risk
from services.dispatch.assessment.worth import (
    NothingShort,
    effective_load_carrying_capability,
    equivalent_firm_capacity,
    tightened,
)

approx = pytest.approx
THREE = (Unit(500, 0.10), Unit(400, 0.05), Unit(300, 0.02))
HOUR = System(THREE, np.array([[800.0]]))
SURE = Unit(100, 0.0)
START = datetime(2030, 7, 1)  # noqa: DTZ001 - local time


def test_the_three_units_of_the_worked_example():
    """800 MW are short when the 500 fails (.10), or the 400 and the 300 do (.9 x .05 x .02): .1009 h, 12.87 MWh."""
    found = enumerated(HOUR)
    assert (0.1009, 12.87) == approx((found.lolh_h, found.eue_mwh))
    better = enumerated(HOUR.plus(SURE))
    assert (0.0078, 2.78) == approx((better.lolh_h, better.eue_mwh))


def test_response_that_comes_four_times_in_five_is_worth_eighty_megawatts():
    """.8 x 2.78 + .2 x 12.87 = 4.798 MWh; 80 MW that never fail leave the same."""
    response = Unit(100, 0.2)
    assert 4.798 == approx(enumerated(HOUR.plus(response)).eue_mwh)
    worth = equivalent_firm_capacity(HOUR, response)
    assert (80, 0.8) == approx((worth.mw, worth.of_rated), abs=1e-3)


def test_a_sure_unit_carries_its_own_load():
    assert 100 == approx(effective_load_carrying_capability(HOUR, SURE).mw, abs=1e-3)


def test_sampling_agrees_with_the_enumeration():
    """A week of two load levels; every figure within four standard errors, and the errors are small."""
    load_mw = np.tile(np.repeat([650.0, 800.0], 12), 7)
    system = System(tuple(replace(one, repair_h=10) for one in THREE), load_mw[None, :])
    exact, found = enumerated(system), sampled(system, years=4000).adequacy
    assert 4000 == found.years
    assert abs(exact.lolh_h - found.lolh_h) < 4 * found.lolh_error_h < 0.1 * exact.lolh_h * 4
    assert abs(exact.eue_mwh - found.eue_mwh) < 4 * found.eue_error_mwh < 0.1 * exact.eue_mwh * 4


def test_weather_years_take_turns():
    """One of two years is short by 10 MW in each of 24 hours: half of the sampled years, 120 MWh on average."""
    found = sampled(System((SURE,), np.array([[90.0] * 24, [110.0] * 24])), years=10).adequacy
    assert (12, 0.5, 120) == approx((found.lolh_h, found.lole_days, found.eue_mwh))


def unserved(load: list[float], **more: object) -> list[float]:
    """100 MW that never fail before this load."""
    system = System((SURE,), np.array([load]), **more)  # type: ignore[arg-type]
    return sampled(system, years=1).unserved_by_hour_mwh.tolist()


def test_a_store_lasts_as_long_as_its_energy_and_refills():
    """30 MWh at 20 MW: 20 and 10 of 20 short; one hour of 40 MW surplus brings back 20 x 0.8 = 16."""
    store = Store(20, 20, 30, 0.8)
    assert [0, 10, 0, 4] == approx(unserved([120, 120, 60, 120], stores=(store,)))


def test_what_lasts_longest_goes_first():
    """
    10 MW short, then 20: stores of 10 MW for 1 h and for 2 h.

    The long one serves the first hour, both the second. The other way round 10 MWh would stay unserved.
    """
    stores = (Store(10, 0, 10), Store(10, 0, 20))
    assert [0, 0] == approx(unserved([110, 120], stores=stores))


def test_calls_keep_to_their_contract():
    """Short by 10 for five hours: two hours called, two of rest, called again for one on the second call of the day."""
    load = [110.0] * 5
    assert [0, 0, 10, 10, 0] == approx(unserved(load, calls=(CalledLoad(10, longest_h=2, rest_h=2),)))
    assert [0, 0, 10, 10, 10] == approx(unserved(load, calls=(CalledLoad(10, longest_h=2, per_day=1),)))
    two_days = [110.0] + [50.0] * 23 + [110.0]
    once = CalledLoad(10, per_year=1)
    assert [0, 10] == approx([unserved(two_days, calls=(once,))[hour] for hour in (0, 24)])


def test_a_new_unit_leaves_the_luck_of_the_others():
    """The first two units fail at the same moments with and without a third."""
    two = sampled_outages(THREE[:2], 500, 3).capacity_mw
    three = sampled_outages((*THREE[:2], replace(SURE, mw=0)), 500, 3).capacity_mw
    assert two.tolist() == three.tolist()


def test_a_store_is_worth_its_power_where_peaks_are_short():
    """One short hour a day of 30 MW: a store of 30 MW for one hour does what 30 firm MW do; 15 MWh do half."""
    system = System((SURE,), np.array([[50.0] * 12 + [130.0] + [50.0] * 11]))
    assert 30 == approx(equivalent_firm_capacity(system, Store(30, 30, 30), years=2).mw, abs=1e-3)
    assert 15 == approx(equivalent_firm_capacity(system, Store(30, 30, 15), years=2).mw, abs=1e-3)


def test_a_store_is_worth_less_where_shortages_are_long():
    """Thirty MW short for eight hours of a day: 30 MW for two hours give 60 of 240 MWh, as 7.5 firm MW do."""
    system = System((SURE,), np.array([[50.0] * 8 + [130.0] * 8 + [50.0] * 8]))
    assert 7.5 == approx(equivalent_firm_capacity(system, Store(30, 30, 60), years=2).mw, abs=0.1)
    assert 7.5 == approx(effective_load_carrying_capability(system, Store(30, 30, 60), years=2).mw, abs=0.1)


def test_worth_has_the_error_that_other_luck_shows():
    """The worth of a store under 24 seeds scatters by what the standard error of one says, within a factor of 1.6."""
    load = np.tile([*[600.0] * 17, 900.0, 950.0, 900.0, *[600.0] * 4], 10)[None, :]
    system = System((Unit(500, 0.08, 8), Unit(400, 0.08, 8), Unit(300, 0.05, 8)), load)
    found = [equivalent_firm_capacity(system, Store(100, 100, 200), years=200, seed=seed) for seed in range(1, 25)]
    scatter = float(np.std([one.mw for one in found], ddof=1))
    told = float(np.mean([one.error_mw for one in found]))
    assert told / 1.6 < scatter < 1.6 * told
    assert 0 == equivalent_firm_capacity(HOUR, Unit(100, 0.2)).error_mw


def test_all_together_are_worth_more_than_each_adds_last():
    """
    A fleet that fails now and then before two hours of peak; two classes of stores of one hour each.

    Either alone, after the other, meets the second hour only in part; together they meet both.
    """
    load = np.tile([*[500.0] * 18, 900.0, 900.0, *[500.0] * 4], 20)
    stores = {"S: store": (Store(60, 60, 60),), "P: store": (Store(60, 60, 60),)}
    base = System((Unit(500, 0.05, 4), Unit(500, 0.05, 4)), load[None, :])
    found = risk(Supply(base, stores, LoadYear(load, START)), years=200)
    *each, together = found.worth
    assert [*stores, TOGETHER] == [one.name for one in found.worth]
    assert together.rated_mw == 120
    assert together.firm_mw >= max(one.firm_mw for one in each)
    assert 1 <= found.shortage_h <= 24


def test_worth_is_measured_where_something_is_short():
    """100 MW before 90 and 80: never short. Up to 20 MW of load may be added before more than 12 hours are."""
    roomy = System((SURE,), np.array([[90.0] * 12 + [80.0] * 12]))
    with pytest.raises(NothingShort, match="tighten"):
        equivalent_firm_capacity(roomy, Store(10, 10, 10), years=1)
    with pytest.raises(NothingShort, match="tighten"):
        effective_load_carrying_capability(roomy, Store(10, 10, 10), years=1)
    assert -20 == approx(tightened(roomy, lolh_h=12, years=1).firm_mw, abs=1e-3)


def test_memory_cannot_be_enumerated():
    with pytest.raises(ValueError, match="sample a system"):
        enumerated(replace(HOUR, stores=(Store(1, 1, 1),)))
    with pytest.raises(ValueError, match="too many states"):
        enumerated(replace(HOUR, units=(SURE,) * 40))


def test_a_case_as_adequacy_sees_it():
    study = case([100, 120], thermal(high=90), free(available=[10, 20]), given(5), battery(mwh=40))
    system = system_of(study, lambda _: (0.1, 20))
    assert [[85, 95]] == system.net_load_mw.tolist()
    assert (Unit(90, 0.1, 20),) == system.units
    assert 180 == approx(system.units[0].failure_h)
    assert (40, 10) == approx((system.stores[0].energy_mwh, system.stores[0].discharge_mw))


def test_quarter_hours_are_sampled_as_the_hours_that_they_make():
    """Demand 85, 95, 105, 115 MW in one hour is 100 MW; with 10 MW given, 90: enough for no hour of four."""
    quarters = case([85, 95, 105, 115, 60, 60, 60, 60], thermal(high=90), given(10), step_min=15)
    assert [[90, 50]] == system_of(quarters).net_load_mw.tolist()
    half = LoadYear(np.array([80.0, 80, 80, 80, 40, 40]), quarters.horizon.start, 0.25)
    assert [80, 40] == half.hourly().load_mw.tolist()
