"""The built-in province is plausible in every number that a dispatcher would check first."""

from collections import Counter
from typing import TypeVar

import numpy as np
import pytest

from grid_models.case import Case
from grid_models.errors import BadInput
from grid_models.provinces import PROVINCES, builtin_case
from grid_models.provinces.builder import peak_day
from grid_models.provinces.card import Card, Fact, read_card
from grid_models.provinces.curves import daylight, eased, in_steps
from grid_models.quantities import Data, Floats, per_step
from grid_models.resources import (
    Battery,
    InterruptibleLoad,
    Profile,
    PumpedHydro,
    Renewable,
    Resource,
    ThermalUnit,
    VirtualPowerPlant,
)

Kind = TypeVar("Kind", bound=Resource)


@pytest.fixture(scope="module")
def card() -> Card:
    return read_card("zhejiang")


@pytest.fixture(scope="module")
def case() -> Case:
    return builtin_case("zhejiang")


def of(case: Case, kind: type[Kind]) -> tuple[Kind, ...]:
    return tuple(item for item in case.resources if isinstance(item, kind))


def capacity_mw(case: Case) -> Floats:
    """Thermal output that planned outages leave, per step."""
    return np.sum([unit.max_mw * ~case.horizon.within(unit.outages) for unit in of(case, ThermalUnit)], axis=0)


def given_mw(case: Case) -> Floats:
    """Wind, sun, water and schedules, per step."""
    series = [item.available_mw for item in of(case, Renewable)] + [item.power_mw for item in of(case, Profile)]
    return np.sum([per_step(values, case.steps) for values in series], axis=0)


def stores_mw(case: Case) -> float:
    units = sum(unit.generate_max_mw for station in of(case, PumpedHydro) for unit in station.units)
    return units + sum(float(np.max(item.discharge_max_mw)) for item in of(case, Battery))


@pytest.mark.parametrize("name", PROVINCES)
def test_shipped_case_is_what_its_card_builds(name: str):
    """Whoever edits the card runs `python -m grid_models.provinces`."""
    assert peak_day(read_card(name)).hash == builtin_case(name).hash


def test_an_unknown_province_is_refused_in_words():
    with pytest.raises(BadInput, match="there are zhejiang"):
        builtin_case("atlantis")


def test_every_fact_names_a_source_on_the_card(card: Card):
    facts = list(facts_in(card))
    assert len(facts) > 80
    assert {fact.source for fact in facts} <= set(card.sources)


def facts_in(piece: object):
    if isinstance(piece, Fact):
        yield piece
    if isinstance(piece, Data):
        piece = tuple(getattr(piece, field) for field in type(piece).model_fields)
    if isinstance(piece, tuple):
        for part in piece:
            yield from facts_in(part)


def test_it_is_a_summer_day_decided_the_day_before(case: Case):
    assert (case.steps, case.horizon.step_min, case.horizon.timezone) == (24, 60, "Asia/Shanghai")
    assert case.decision_time is not None
    assert 7 == (case.horizon.start - case.decision_time).total_seconds() / 3600


def test_the_same_day_is_to_be_had_in_96_points(case: Case):
    """Quarter hours of the same curves: the hourly peak lies within 1 % of the quarter-hourly one."""
    fine = builtin_case("zhejiang-96")
    assert (fine.steps, fine.horizon.step_min, fine.horizon.start) == (96, 15, case.horizon.start)
    assert len(case.resources) == len(fine.resources)
    assert fine.demand_mw.max() == pytest.approx(case.demand_mw.max(), rel=0.01)
    fine.check()


def test_peak_and_valley_are_those_of_the_card(card: Card, case: Case):
    """115 GW in the early afternoon; the peak-valley rate of the peak day is 0.36."""
    demand_mw = case.demand_mw[0]
    assert card.demand.peak_mw.value == demand_mw.max()
    assert 14 <= demand_mw.argmax() * case.horizon.step_h < 15
    assert 0.36 == pytest.approx(1 - demand_mw.min() / demand_mw.max(), abs=0.005)


def test_fleet_has_the_size_and_the_classes_of_a_large_province(case: Case):
    units = of(case, ThermalUnit)
    classes = Counter(unit.technology for unit in units)
    assert 150 <= len(units) <= 250
    assert {"coal 1000 MW", "coal 600 MW", "gas combined cycle", "gas turbine", "nuclear"} <= set(classes)
    assert 45_000 < sum(unit.max_mw for unit in units if "coal" in unit.technology) / 0.97 < 46_500
    assert 9_000 < sum(unit.max_mw for unit in units if unit.technology == "nuclear") / 0.98 < 9_200


def test_no_two_units_of_a_class_cost_the_same(case: Case):
    """Equal units would make equal plans; real ones differ by a few per cent."""
    full_load = Counter(round(float(unit.curve[1][-1]) / unit.max_mw, 4) for unit in of(case, ThermalUnit))
    assert max(full_load.values()) == 1
    assert all(unit.curve[1][0] > 0 for unit in of(case, ThermalUnit))


def test_coal_is_cheaper_than_gas_and_a_megawatthour_costs_what_its_fuel_does(case: Case):
    """Coal: 0.28-0.34 kg of standard coal at 1082 CNY/t; gas 0.19-0.28 m3 at 3.1 CNY."""
    price = {unit.name: float(unit.curve[1][-1]) / unit.max_mw for unit in of(case, ThermalUnit)}
    coal = [price[unit.name] for unit in of(case, ThermalUnit) if "coal" in unit.technology]
    gas = [price[unit.name] for unit in of(case, ThermalUnit) if "gas" in unit.technology]
    assert 285 < min(coal) <= max(coal) < 400
    assert 560 < min(gas) <= max(gas) < 920


def test_limits_of_coal_fit_its_class(case: Case):
    for unit in of(case, ThermalUnit):
        if unit.technology.startswith("coal"):
            assert unit.ramp_up_mw_per_h is not None
            assert 0.28 <= unit.min_mw / unit.max_mw <= 0.7
            assert 0.5 <= unit.ramp_up_mw_per_h / unit.max_mw <= 1.3  # about 1-2 % of the rating per minute
            assert [cost.cost for cost in unit.start_costs] == sorted(cost.cost for cost in unit.start_costs)
            assert all(tier.below_mw > unit.min_mw for tier in unit.deep_peaking)


def test_peakers_can_serve_non_spinning_reserve(case: Case):
    (product,) = (item for item in case.reserves if item.product == "non_spinning")
    turbines = [unit for unit in of(case, ThermalUnit) if unit.technology == "gas turbine"]
    assert all(unit.start_time_min is not None and unit.start_time_min <= product.response_min for unit in turbines)


def test_midnight_is_no_contradiction(case: Case):
    """Running units carry what others leave of the demand, within their limits, longer than their minimum times."""
    running = [unit for unit in of(case, ThermalUnit) if unit.initial and unit.initial.on]
    for unit in running:
        assert unit.initial is not None
        assert unit.min_mw <= unit.initial.power_mw <= unit.max_mw
        assert unit.initial.hours >= unit.min_up_h
    power_mw = sum(unit.initial.power_mw for unit in running if unit.initial)
    assert case.demand_mw[0][0] - given_mw(case)[0] == pytest.approx(power_mw, rel=0.01)
    case.check()


def test_peak_is_tight_but_can_be_served(case: Case):
    """Thermal units alone fall short in the evening; stores and response carry demand and up-reserve."""
    short_mw = case.demand_mw[0] - given_mw(case) - capacity_mw(case)
    up_mw = sum(per_step(item.requirement_mw, case.steps) for item in case.reserves if item.up)
    response_mw = sum(item.contract_mw for item in of(case, InterruptibleLoad))
    worst_mw = float((short_mw + up_mw).max())
    assert short_mw.max() > 3_000
    assert stores_mw(case) < worst_mw < stores_mw(case) + response_mw
    assert worst_mw > stores_mw(case) + 0.1 * response_mw


def test_night_leaves_room_to_pump(case: Case):
    """What the units must generate at least, with all wind used, is less than what the night needs."""
    least_mw = sum(unit.min_mw for unit in of(case, ThermalUnit))
    assert least_mw < (case.demand_mw[0] - given_mw(case)).min()


def test_evening_shortfall_fits_into_the_stores(case: Case):
    short_mw = case.demand_mw[0] - given_mw(case) - capacity_mw(case)
    full_mwh = sum(station.upper_max_mwh * station.generate_efficiency for station in of(case, PumpedHydro))
    assert np.clip(short_mw, 0, None).sum() * case.horizon.step_h < 0.9 * full_mwh


def test_pumped_hydro_stands_unit_by_unit(case: Case):
    stations = {station.name: station for station in of(case, PumpedHydro)}
    assert (6, 4, 4, 6) == tuple(len(stations[name].units) for name in STATIONS)
    fixed = [unit for station in stations.values() for unit in station.units if unit.pump_min_mw == unit.pump_max_mw]
    assert 22 == len(fixed)
    assert any(unit not in fixed for station in stations.values() for unit in station.units)


STATIONS = ("Tianhuangping", "Tongbai", "Xianju", "Changlongshan")


def test_roofs_cannot_be_curtailed(case: Case):
    roofs = [item for item in of(case, Renewable) if item.technology == "distributed photovoltaics"]
    assert 11 == len(roofs)
    assert all(roof.min_mw == roof.available_mw for roof in roofs)
    assert all(values[0] == 0 for values in (roof.available_mw for roof in roofs) if isinstance(values, tuple))


def test_response_is_contracted_near_the_five_per_cent_of_the_peak(case: Case):
    """Contracts of 3-5 % of the peak: blocks and divisible, with and without rebound, half an hour to a day ahead."""
    contracts = of(case, InterruptibleLoad)
    assert 0.03 < sum(item.contract_mw for item in contracts) / case.demand_mw.max() < 0.05
    assert {"block", "divisible"} == {item.form for item in contracts}
    assert (0.5, 24) == (min(item.notice_h for item in contracts), max(item.notice_h for item in contracts))
    assert any(item.rebound_share > 0 for item in contracts)
    assert {"envelope", "composition"} == {plant.model.form for plant in of(case, VirtualPowerPlant)}


def test_imports_move_in_steps(case: Case):
    """A DC line changes its power a few times a day, not every quarter of an hour."""
    lines = [item for item in of(case, Profile) if item.technology == "DC import"]
    assert 3 == len(lines)
    assert all(len(set(per_step(line.power_mw, case.steps))) <= 8 for line in lines)


def test_curves_pass_through_their_points():
    hours = np.array([0.0, 3.0, 6.0, 12.0])
    assert [1.0, 2.0, 3.0, 3.0] == pytest.approx(eased(hours, {0: 1, 6: 3, 24: 3}))
    assert [1.0, 1.0, 3.0, 3.0] == pytest.approx(in_steps(hours, {0: 1, 6: 3}))
    assert [0.0, 0.0, 0.0, 1.0] == pytest.approx(daylight(hours, 6, 18, 1), abs=1e-12)
