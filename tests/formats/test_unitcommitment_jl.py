"""UnitCommitment.jl: money per step and ramps per step become per hour; nothing is lost in silence."""

import gzip
import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from grid_models.errors import BadInput
from grid_models.formats import Reading, read_case
from grid_models.resources import Battery, PriceSensitiveLoad, Renewable, ThermalUnit
from grid_models.resources.thermal import ThermalState

COAL: dict[str, Any] = {
    "Bus": "b1",
    "Type": "Thermal",
    "Production cost curve (MW)": [100, 110, 135],
    "Production cost curve ($)": [1400, 1600, 2400],
    "Startup costs ($)": [300, 400],
    "Startup delays (h)": [1, 4],
    "Ramp up limit (MW)": 20,
    "Ramp down limit (MW)": 30,
    "Startup limit (MW)": 120,
    "Shutdown limit (MW)": 90,
    "Minimum uptime (h)": 4,
    "Minimum downtime (h)": 2,
    "Initial status (h)": 12,
    "Initial power (MW)": 115,
    "Reserve eligibility": ["r1"],
}
STORE: dict[str, Any] = {
    "Bus": "b2",
    "Minimum level (MWh)": [10, 11, 12, 13],
    "Maximum level (MWh)": 100,
    "Allow simultaneous charging and discharging": False,
    "Charge cost ($/MW)": 3,
    "Discharge cost ($/MW)": [1, 2, 3, 4],
    "Charge efficiency": 0.8,
    "Discharge efficiency": 0.85,
    "Loss factor": 0.1,
    "Minimum charge rate (MW)": 5,
    "Maximum charge rate (MW)": 10,
    "Minimum discharge rate (MW)": 2,
    "Maximum discharge rate (MW)": [8, 8, 8, 9],
    "Initial level (MWh)": 70,
    "Last period maximum level (MWh)": 85,
}
SMALL: dict[str, Any] = {
    "Parameters": {
        "Version": "0.4",
        "Time horizon (min)": 120,
        "Time step (min)": 30,
        "Power balance penalty ($/MW)": 500,
    },
    "Buses": {"b1": {"Load (MW)": 10}, "b2": {"Load (MW)": [1, 2, 3, 4]}},
    "Generators": {
        "coal": COAL,
        "sun": {
            "Bus": "b2",
            "Type": "Profiled",
            "Minimum power (MW)": 1,
            "Maximum power (MW)": [5, 6, 7, 8],
            "Cost ($/MW)": 2,
        },
    },
    "Storage units": {"store": STORE},
    "Price-sensitive loads": {"p1": {"Bus": "b2", "Revenue ($/MW)": 23, "Demand (MW)": 50}},
    "Reserves": {"r1": {"Type": "Spinning", "Amount (MW)": [1, 2, 3, 4], "Shortfall penalty ($/MW)": 50}},
    "Transmission lines": {
        "l1": {"Source bus": "b1", "Target bus": "b2", "Susceptance (S)": 29.5, "Normal flow limit (MW)": 15}
    },
    "Contingencies": {"c1": {"Affected lines": ["l1"]}},
}


def put(folder: Path, document: Any) -> Path:
    path = folder / "case.json.gz"
    path.write_bytes(gzip.compress(json.dumps(document).encode()))
    return path


def changed(*path: str, to: Any) -> dict[str, Any]:
    document = deepcopy(SMALL)
    here = document
    for key in path[:-1]:
        here = here.setdefault(key, {})
    here[path[-1]] = to
    return document


@pytest.fixture
def small(tmp_path: Path) -> Reading:
    reading = read_case(put(tmp_path, SMALL))
    assert reading.format == "unitcommitment-jl"
    return reading


def unit_of(folder: Path, document: dict[str, Any]) -> ThermalUnit:
    unit = read_case(put(folder, document)).case.resources[0]
    assert isinstance(unit, ThermalUnit)
    return unit


def test_two_hours_of_half_hours_are_four_steps(small: Reading) -> None:
    assert (small.case.horizon.steps, small.case.horizon.step_min) == (4, 30)
    assert small.case.horizon.start.isoformat() == "2020-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("key", "value", "steps"), [("Time horizon (h)", 3, 6), ("Time (h)", 1, 2), ("Time horizon (min)", 90, 3)]
)
def test_the_horizon_may_be_given_in_hours_or_minutes(tmp_path: Path, key: str, value: int, steps: int) -> None:
    document = {"Parameters": {"Version": "0.3", "Time step (min)": 30, key: value}, "Buses": {"b": {"Load (MW)": 1}}}
    document["Generators"] = {}
    assert steps == read_case(put(tmp_path, document)).case.horizon.steps


def test_the_loads_of_all_buses_add_up(small: Reading) -> None:
    assert small.case.zones[0].demand_mw == (11, 12, 13, 14)


def test_cost_of_half_an_hour_doubles_to_an_hour(small: Reading) -> None:
    """1,400 a step of half an hour is 2,800 an hour; the curve's second slope is 2 x 800 / 25 = 64 per MWh."""
    coal = small.case.resources[0]
    assert isinstance(coal, ThermalUnit)
    assert [(point.mw, point.cost_per_h) for point in coal.cost] == [(100, 2800), (110, 3200), (135, 4800)]  # type: ignore[union-attr]


def test_ramps_stay_the_same_in_a_step(small: Reading) -> None:
    """20 MW a step of half an hour is 40 MW an hour."""
    coal = small.case.resources[0]
    assert isinstance(coal, ThermalUnit)
    assert (coal.ramp_up_mw_per_h, coal.ramp_down_mw_per_h) == (40, 60)
    assert coal.ramp_up_mw_per_h * small.case.horizon.step_h == 20


def test_start_and_stop_limits_do_not_scale_and_never_lie_below_the_minimum(small: Reading) -> None:
    coal = small.case.resources[0]
    assert isinstance(coal, ThermalUnit)
    assert (coal.start_max_mw, coal.stop_max_mw) == (120, 100)
    assert any(
        "Shutdown limit (MW) 90 is below the minimum output; raised to 100" in loss for loss in small.not_carried
    )


def test_times_and_start_costs_are_hours(small: Reading) -> None:
    coal = small.case.resources[0]
    assert isinstance(coal, ThermalUnit)
    assert (coal.min_up_h, coal.min_down_h) == (4, 2)
    assert [coal.start_cost(hours) for hours in (1, 3.5, 4)] == [300, 300, 400]
    assert ThermalState(on=True, hours=12, power_mw=115) == coal.initial


def test_a_profiled_unit_costs_by_the_hour_too(small: Reading) -> None:
    sun = small.case.resources[1]
    assert isinstance(sun, Renewable)
    assert (sun.min_mw, sun.available_mw, sun.cost_per_mwh) == (1, (5, 6, 7, 8), 4)


def test_a_store_keeps_its_losses_and_its_last_levels(small: Reading) -> None:
    """A tenth lost per half hour leaves 0.9 after it, 0.81 after an hour: 0.19 an hour."""
    store = small.case.resources[2]
    assert isinstance(store, Battery)
    assert pytest.approx(store.self_discharge_per_h) == 0.19
    assert pytest.approx((1 - store.self_discharge_per_h) ** 0.5) == 0.9
    assert (store.charge_cost_per_mwh, store.wear_cost_per_mwh) == (6, (2, 4, 6, 8))
    assert (store.energy_min_mwh, store.energy_max_mwh, store.energy_start_mwh) == ((10, 11, 12, 13), 100, 70)
    assert (store.charge_min_mw, store.charge_max_mw, store.discharge_min_mw, store.discharge_max_mw) == (
        5,
        10,
        2,
        (8, 8, 8, 9),
    )
    assert (store.end.min_mwh, store.end.max_mwh, store.end.value_per_mwh) == (13, 85, None)
    assert not store.may_charge_while_discharging


def test_a_plain_store_has_the_defaults_of_the_format(tmp_path: Path) -> None:
    plain = {
        key: STORE[key]
        for key in (
            "Bus",
            "Maximum level (MWh)",
            "Charge cost ($/MW)",
            "Discharge cost ($/MW)",
            "Maximum charge rate (MW)",
            "Maximum discharge rate (MW)",
        )
    }
    store = read_case(put(tmp_path, changed("Storage units", "store", to=plain))).case.resources[2]
    assert isinstance(store, Battery)
    assert (
        store.charge_efficiency,
        store.discharge_efficiency,
        store.self_discharge_per_h,
        store.energy_start_mwh,
    ) == (1, 1, 0, 0)
    assert store.may_charge_while_discharging
    assert store.end.floor_mwh(50) == 0


def test_a_price_sensitive_load_pays_by_the_hour(small: Reading) -> None:
    load = small.case.resources[3]
    assert isinstance(load, PriceSensitiveLoad)
    assert (load.demand_mw, load.value_per_mwh) == (50, 46)


def test_penalties_per_step_become_prices_per_mwh(small: Reading) -> None:
    (reserve,) = small.case.reserves
    assert [(step.mw, step.price_per_mwh) for step in reserve.shortage] == [(None, 100)]
    assert (reserve.product, reserve.eligible, reserve.duration_h) == ("spinning", ("coal",), 0)
    assert (small.case.prices.unserved_per_mwh, small.case.prices.spilled_per_mwh) == (1000, 1000)


@pytest.mark.parametrize("penalty", [-1, None])
def test_without_a_penalty_the_reserve_is_hard(tmp_path: Path, penalty: int | None) -> None:
    case = read_case(put(tmp_path, changed("Reserves", "r1", "Shortfall penalty ($/MW)", to=penalty))).case
    assert case.reserves[0].shortage == ()
    assert case.prices.reserve_shortage_per_mwh == 1_000_000


def test_flexiramp_is_ramp_capacity_both_ways(tmp_path: Path) -> None:
    reading = read_case(put(tmp_path, changed("Reserves", "r1", "Type", to="flexiramp")))
    assert [(product.name, product.product) for product in reading.case.reserves] == [
        ("r1 up", "flexible_ramp_up"),
        ("r1 down", "flexible_ramp_down"),
    ]
    assert any("flexiramp" in loss for loss in reading.not_carried)


def test_the_network_is_kept_and_reported_as_not_binding(small: Reading) -> None:
    network = small.case.network
    assert network is not None
    assert [(bus.name, bus.load_mw) for bus in network.buses] == [("b1", 10), ("b2", (1, 2, 3, 4))]
    assert [(line.from_bus, line.to_bus, line.susceptance_s, line.normal_max_mw) for line in network.lines] == [
        ("b1", "b2", 29.5, 15)
    ]
    assert [loss.lines for loss in network.contingencies] == [("l1",)]
    assert "1 transmission lines and 1 contingencies are kept in the case but do not bind" in small.not_carried


def test_must_run_step_by_step_joins_the_commitment(tmp_path: Path) -> None:
    document = changed("Generators", "coal", "Must run?", to=[True, False, False, True])
    document["Generators"]["coal"]["Commitment status"] = [None, False, None, None]
    unit = unit_of(tmp_path, document)
    assert unit.commitment == (True, False, None, True)
    assert not unit.must_run


def test_must_run_throughout_is_one_word(tmp_path: Path) -> None:
    unit = unit_of(tmp_path, changed("Generators", "coal", "Must run?", to=True))
    assert unit.must_run
    assert unit.commitment is None


def test_without_initial_state_the_engine_chooses(tmp_path: Path) -> None:
    document = deepcopy(SMALL)
    for key in ("Initial status (h)", "Initial power (MW)"):
        del document["Generators"]["coal"][key]
    assert unit_of(tmp_path, document).initial is None


def test_a_unit_of_one_point_runs_at_it_or_not_at_all(tmp_path: Path) -> None:
    document = changed("Generators", "coal", "Production cost curve (MW)", to=[100])
    document["Generators"]["coal"]["Production cost curve ($)"] = [[1000, 1000, 1000, 1000]]
    unit = unit_of(tmp_path, document)
    assert (unit.min_mw, unit.max_mw, unit.cost[0].cost_per_h) == (100, 100, 2000)  # type: ignore[index]


def test_daily_limits_come_along(tmp_path: Path) -> None:
    document = changed("Generators", "coal", "Maximum daily starts", to=2)
    document["Generators"]["coal"]["Maximum daily energy (MWh)"] = 1500
    unit = unit_of(tmp_path, document)
    assert (unit.starts_per_day_max, unit.energy_per_day_max_mwh) == (2, 1500)


def test_version_02_had_one_reserve_of_every_willing_unit(tmp_path: Path) -> None:
    document = deepcopy(SMALL)
    document["Parameters"]["Version"] = "0.2"
    document["Reserves"] = {"Spinning (MW)": [1, 2, 3, 4]}
    document["Generators"]["coal"] = {**COAL, "Reserve eligibility": None}
    document["Generators"]["shy"] = {**COAL, "Reserve eligibility": None, "Provides spinning reserves?": False}
    del document["Generators"]["sun"]
    (reserve,) = read_case(put(tmp_path, document)).case.reserves
    assert (reserve.eligible, reserve.requirement_mw) == (("coal",), (1, 2, 3, 4))


def test_what_has_no_place_is_reported(tmp_path: Path) -> None:
    document = changed("Generators", "coal", "Shutdown cost ($)", to=150)
    document["Interfaces"] = {}
    losses = read_case(put(tmp_path, document)).not_carried
    assert "Generators: 'Shutdown cost ($)' is not carried over (1 times)" in losses
    assert "the file: 'Interfaces' is not carried over (1 times)" in losses


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("Parameters", "Version"), "0.9", "Parameters.Version: '0.9' is not read; accepted are 0.2, 0.3, 0.4"),
        (("Parameters", "Time step (min)"), 7, "Time step (min): must divide 60 and be at least 5 (got 7)"),
        (("Parameters", "Time horizon (h)"), 2, "give it once, in hours or in minutes (found 2)"),
        (("Parameters", "Time horizon (min)"), 100, "must hold a whole number of 30-minute steps (got 100 min)"),
        (("Generators", "coal", "Bus"), "b9", "Generators 'coal'.Bus: 'b9' is not among the buses"),
        (("Generators", "coal", "Type"), "Nuclear", "Generators 'coal'.Type: 'nuclear' is not read"),
        (("Generators", "coal", "Production cost curve ($)"), [1], "has 1 points for 3 outputs"),
        (
            ("Generators", "coal", "Production cost curve (MW)"),
            [100, [110, 111, 112, 113], 135],
            "Production cost curve (MW)[1]: varies over time (110 to 113)",
        ),
        (("Generators", "coal", "Initial power (MW)"), None, "Initial power (MW): is missing; give both"),
        (("Generators", "coal", "Initial status (h)"), 0, "Initial status (h): must be above 0"),
        (("Generators", "coal", "Initial status (h)"), -5, "Initial power (MW): is 115 though the unit is off"),
        (("Generators", "coal", "Must run?"), [True], "Must run?: has 1 values for 4 steps"),
        (("Generators", "coal", "Commitment status"), "on", "Commitment status: must be true, false or null"),
        (("Generators", "coal", "Reserve eligibility"), ["r7"], "Reserve eligibility: 'r7' is not among the reserves"),
        (("Generators", "sun", "Cost ($/MW)"), [1, 2, 3, 4], "Generators 'sun'.Cost ($/MW): varies over time (1 to 4)"),
        (("Storage units", "store", "Charge efficiency"), [0.8, 0.9, 0.8, 0.8], "Charge efficiency: varies over time"),
        (("Storage units", "store", "Loss factor"), 1.5, "must be at most 1"),
        (("Reserves", "r1", "Type"), "non-spinning", "Reserves 'r1'.Type: 'non-spinning' is not read"),
        (("Buses", "b2", "Load (MW)"), [1, 2], "Buses 'b2'.Load (MW): has 2 values for 4 steps"),
        (("Buses", "b2", "Load (MW)"), "NaN", "Buses 'b2'.Load (MW): must be a finite number (got 'NaN')"),
        (("Transmission lines", "l1", "Target bus"), "b9", "Target bus: 'b9' is not among the buses"),
    ],
)
def test_a_fault_names_the_section_the_element_and_the_key(
    tmp_path: Path, path: tuple[str, ...], value: Any, expected: str
) -> None:
    with pytest.raises(BadInput) as caught:
        read_case(put(tmp_path, changed(*path, to=value)))
    assert expected in str(caught.value)
