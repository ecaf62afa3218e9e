"""A province in a year: 8,760 hours with the figures of the card, and days that a dispatcher could plan."""

from datetime import date

import numpy as np
import pytest

from grid_models.errors import BadInput
from grid_models.provinces import builtin_case
from grid_models.provinces.reading import card_names, read_facts, read_nation
from grid_models.provinces.years.balancing import Exchange, taken
from grid_models.provinces.years.build import build_province
from grid_models.provinces.years.fleet import altered
from grid_models.provinces.years.flexible import programmes_mw
from grid_models.provinces.years.load import calibrated, stretched
from grid_models.provinces.years.province_year import ProvinceYear
from grid_models.provinces.years.supply import peaking
from grid_models.resources import ThermalUnit
from services.dispatch.assessment.adequacy import System, Unit, sampled
from services.dispatch.assessment.parts import system_of
from services.dispatch.planning import Options, plan_case


@pytest.fixture(scope="module")
def shandong() -> ProvinceYear:
    return build_province("Shandong", 2025, weather_years=3)


@pytest.mark.parametrize("name", card_names())
def test_every_card_builds_every_year(name: str):
    for year in (2025, 2030):
        study = build_province(name, year, weather_years=1)
        load_mw = study.load_mw
        assert 8760 == len(load_mw)
        assert study.outlook.peak_mw == pytest.approx(load_mw.max())
        assert study.outlook.energy_mwh == pytest.approx(load_mw.sum(), rel=1e-6)
        assert study.facts.load.near_peak.hours_above_95 == pytest.approx(
            (load_mw >= 0.95 * load_mw.max()).sum(), abs=1
        )
        assert study.day(study.peak_days(1)[0]).demand_mw.max() == pytest.approx(load_mw.max(), abs=0.1)


def test_the_same_year_is_built_twice(shandong: ProvinceYear):
    again = build_province("shandong", 2025, weather_years=3)
    assert (shandong.load_mw == again.load_mw).all()
    day = shandong.peak_days(1)[0]
    assert shandong.day(day).hash == again.day(day).hash


def test_sun_and_wind_give_the_hours_of_the_card(shandong: ProvinceYear):
    hours = shandong.renewable_mw["photovoltaic plants"].sum() / shandong.installed_mw["photovoltaic plants"]
    assert shandong.facts.solar.full_load_hours == pytest.approx(hours, rel=0.01)
    at_midnight = shandong.renewable_mw["photovoltaic plants"].reshape(365, 24)[:, 0]
    assert 0 == at_midnight.max()


def test_other_years_of_weather_differ_but_not_in_kind(shandong: ProvinceYear):
    years = shandong.net_load_years_mw(3)
    assert (3, 8760) == years.shape
    assert not np.array_equal(years[1], years[2])
    assert 0.85 < years[1].max() / years[0].max() < 1.15


def test_heat_plants_must_run_in_the_heat_season(shandong: ProvinceYear):
    def must_run(day: date) -> int:
        units = [one for one in shandong.day(day).resources if isinstance(one, ThermalUnit)]
        return sum(one.must_run for one in units if "heat and power" in one.technology)

    assert (0, True) == (must_run(date(2025, 7, 20)), must_run(date(2025, 1, 20)) > 20)


def test_the_worst_days_come_worst_first(shandong: ProvinceYear):
    days = shandong.peak_days(5)
    peaks = [shandong.day(day).demand_mw.max() for day in days]
    assert sorted(peaks, reverse=True) == peaks
    assert 5 == len(set(days))


def test_a_day_is_to_be_had_in_96_points(shandong: ProvinceYear):
    day = shandong.peak_days(1)[0]
    fine = shandong.day(day, step_min=15)
    assert 96 == fine.steps
    assert shandong.day(day).demand_mw.sum() == pytest.approx(fine.demand_mw.sum() / 4, rel=0.01)


def test_cards_are_built_in_cases_too():
    assert "shandong 2025" in builtin_case("shandong").name


def test_what_cannot_be_built_is_refused_in_words(shandong: ProvinceYear):
    with pytest.raises(BadInput, match="2018 to 2030"):
        build_province("shandong", 2040)
    with pytest.raises(BadInput, match="there are anhui"):
        build_province("atlantis")
    with pytest.raises(BadInput, match="is not a day of the study"):
        shandong.day(date(2024, 1, 1))


def test_calibration_sets_four_figures_at_once():
    """A saw of 8,760 hours: peak 100, mean 60, valley 20, and 50 hours at or above 95."""
    shape = np.arange(8760) % 97 + np.linspace(0, 1, 8760)
    load = calibrated(shape, 100.0, 60 * 8760.0, 0.2, 50)
    assert (100, 60, 20) == pytest.approx((load.max(), load.mean(), load.min()), abs=1e-6)
    assert 50 == (load >= 95 - 1e-9).sum()
    assert (np.argsort(shape) == np.argsort(load, kind="stable")).all()


def test_stretching_keeps_the_mean():
    """1, 2, 3 with a sum of 12 and a peak of 8: doubled to 2, 4, 6, then about 4 to 0, 4, 8."""
    assert [0, 4, 8] == pytest.approx(stretched(np.array([1.0, 2.0, 3.0]), 8.0, 12.0))


def test_an_industry_signs_no_more_than_a_share_of_its_load():
    """Gansu has 4,625 MW of smelters: a quarter of 1,000 MW is within their limit; Beijing has no such industry."""
    nation = read_nation()
    gansu = dict(
        zip((one.name for one in nation.programmes), programmes_mw(read_facts("gansu"), nation, 1000.0), strict=True)
    )
    assert 250 == pytest.approx(gansu["aluminium"])
    assert 1000 == pytest.approx(sum(gansu.values()))
    beijing = programmes_mw(read_facts("beijing"), nation, 1000.0)
    assert [0, 0] == beijing[:2]
    assert 1000 == pytest.approx(sum(beijing))


def test_coal_goes_lower_once_it_is_altered():
    """0.35 of the rating in 2024, 0.82 of that in 2030; heat plants stay as they are."""
    nation = read_nation()
    assert 0.287 == altered(nation.traits_named("coal-1000"), nation, 2030).min_share[0]
    assert nation.traits_named("chp-300") == altered(nation.traits_named("chp-300"), nation, 2030)


def test_a_surplus_is_sent_out_and_then_refused():
    """Of a surplus of 50 MW the corridor takes 20; of the 30 left, a line that brings 40 refuses 24, its 60 %."""
    net_load = np.array([100.0, -50.0])
    exchanged = Exchange(level_mw=10.0, highest_mw=100.0, in_most_mw=15.0, out_most_mw=20.0).at(net_load)
    assert [10, -20] == pytest.approx(exchanged)
    lines = taken({"line": np.array([40.0, 40.0])}, net_load - exchanged)
    assert [40, 16] == pytest.approx(lines["line"])


def test_water_goes_where_the_load_is_highest():
    """4 MWh over loads of 1, 5, 3 with at most 3 MW: levelled at 2, of which 3 and 1 are given."""
    given = peaking(np.array([[1.0, 5.0, 3.0]]), np.array([4.0]), np.array([0.0]), np.array([3.0]))
    assert [0, 3, 1] == pytest.approx(given[0], abs=1e-6)


def test_a_peak_day_is_planned_to_a_thousandth_with_nobody_left_unserved():
    """Shanghai of 2025: tight enough that response is called, sane enough that all are served."""
    study = build_province("shanghai", 2025, weather_years=1)
    plan = plan_case(study.day(study.peak_days(1)[0]), Options(gap=1e-3, time_limit_s=120))
    assert "optimal" == plan.status
    assert 0 == pytest.approx(sum(np.sum(row) for row in plan.shortage.unserved_mw.values()), abs=1e-6)
    assert plan.calls


def test_a_province_is_short_a_few_hours_a_year_before_any_response():
    """Zhejiang of 2025, 60 years of outages over 20 of weather: more than never, less than a day."""
    study = build_province("zhejiang", 2025)
    stores = system_of(study.day(study.peak_days(1)[0])).stores
    units = tuple(Unit(one.mw, one.outage_rate, one.repair_h) for one in study.failing_units)
    found = sampled(System(units, study.net_load_years_mw(20), stores), years=60).adequacy
    assert 0 < found.lolh_h < 24


def test_contracts_allow_so_many_calls_a_year_as_their_programme(shandong: ProvinceYear):
    case = shandong.day(shandong.peak_days(1)[0])
    allowed = {programme.name: programme.calls_per_year for programme in shandong.nation.programmes}
    contracts = [one for one in case.resources if one.kind == "interruptible_load"]
    assert len(contracts) > 8
    assert all(allowed[one.name.rsplit(" ", 1)[0]] == one.calls_max for one in contracts)


def test_over_the_worst_day_there_is_enough_to_refill_the_stores():
    """Tibet has more batteries than thermal units: power that stores give in the evening must come from somewhere."""
    study = build_province("tibet", 2030, weather_years=1)
    fleet_mw = sum(unit.mw * (1 - unit.outage_rate) for unit in study.failing_units)
    assert study.net_load_mw.reshape(365, 24).mean(axis=1).max() <= fleet_mw + 1
