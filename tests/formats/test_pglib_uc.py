"""pglib-uc: what MODEL.tex says of each field, on a case small enough to read."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from grid_models.case import Case
from grid_models.errors import BadInput
from grid_models.formats import read_case, write_case
from grid_models.resources import Renewable, ThermalUnit
from grid_models.resources.thermal import ThermalState

COAL: dict[str, Any] = {
    "must_run": 1,
    "power_output_minimum": 100.0,
    "power_output_maximum": 200.0,
    "ramp_up_limit": 60.0,
    "ramp_down_limit": 70.0,
    "ramp_startup_limit": 110.0,
    "ramp_shutdown_limit": 120.0,
    "time_up_minimum": 8,
    "time_down_minimum": 4,
    "power_output_t0": 150.0,
    "unit_on_t0": 1,
    "time_up_t0": 10,
    "time_down_t0": 0,
    "startup": [{"lag": 4, "cost": 1000.0}, {"lag": 12, "cost": 3000.0}],
    "piecewise_production": [{"mw": 100.0, "cost": 2000.0}, {"mw": 200.0, "cost": 4500.0}],
    "name": "coal",
}
WIND = {"power_output_minimum": [0.0, 5.0], "power_output_maximum": [30.0, 40.0], "name": "wind"}
SMALL: dict[str, Any] = {
    "time_periods": 2,
    "demand": [150.0, 160.0],
    "reserves": [5.0, 6.0],
    "thermal_generators": {"coal": COAL, "gas": {**COAL, "unit_on_t0": 0, "time_down_t0": 24, "must_run": 0}},
    "renewable_generators": {"wind": WIND},
}


def put(folder: Path, document: Any, name: str = "2020-07-06.json") -> Path:
    (folder / name).write_text(json.dumps(document))
    return folder / name


def read(folder: Path, document: Any = SMALL, name: str = "2020-07-06.json") -> Case:
    reading = read_case(put(folder, document, name))
    assert reading.format == "pglib-uc"
    return reading.case


def test_a_thermal_unit_is_read_as_the_model_means_it(tmp_path: Path) -> None:
    coal = read(tmp_path).resources[0]
    assert isinstance(coal, ThermalUnit)
    assert (coal.min_mw, coal.max_mw, coal.ramp_up_mw_per_h, coal.ramp_down_mw_per_h) == (100, 200, 60, 70)
    assert (coal.start_max_mw, coal.stop_max_mw, coal.min_up_h, coal.min_down_h) == (110, 120, 8, 4)
    assert coal.must_run
    assert [float(cost) for cost in _costs(coal, 100, 150, 200)] == [2000, 3250, 4500]
    assert ThermalState(on=True, hours=10, power_mw=150) == coal.initial


def _costs(unit: ThermalUnit, *outputs: float) -> list[float]:
    mw, cost = unit.curve
    return [float(cost[0] + (cost[1] - cost[0]) * (output - mw[0]) / (mw[1] - mw[0])) for output in outputs]


def test_a_start_costs_by_the_latest_lag_that_has_passed(tmp_path: Path) -> None:
    coal = read(tmp_path).resources[0]
    assert isinstance(coal, ThermalUnit)
    assert [coal.start_cost(hours) for hours in (4, 11, 12, 500)] == [1000, 1000, 3000, 3000]


def test_a_unit_that_is_off_brings_its_hours_off_and_no_power(tmp_path: Path) -> None:
    gas = read(tmp_path).resources[1]
    assert isinstance(gas, ThermalUnit)
    assert ThermalState(on=False, hours=24, power_mw=0) == gas.initial


def test_a_renewable_plant_may_be_curtailed_for_nothing(tmp_path: Path) -> None:
    wind = read(tmp_path).resources[2]
    assert isinstance(wind, Renewable)
    assert (wind.min_mw, wind.available_mw) == ((0, 5), (30, 40))
    assert (wind.cost_per_mwh, wind.curtailment_price_per_mwh) == (0, 0)


def test_the_reserve_is_spinning_from_thermal_units_without_response_time(tmp_path: Path) -> None:
    (reserve,) = read(tmp_path).reserves
    assert (reserve.product, reserve.requirement_mw, reserve.eligible_kinds) == ("spinning", (5, 6), ("thermal",))
    assert reserve.response_min is None
    assert reserve.duration_h == 0


def test_shortage_is_dear_and_money_is_dollars(tmp_path: Path) -> None:
    case = read(tmp_path)
    assert case.currency == "USD"
    assert {100_000} == {
        case.prices.unserved_per_mwh,
        case.prices.spilled_per_mwh,
        case.prices.reserve_shortage_per_mwh,
    }


@pytest.mark.parametrize(
    ("name", "start"),
    [("2020-07-06.json", (2020, 7, 6)), ("Scenario400.json", (2020, 1, 1)), ("2020-13-40.json", (2020, 1, 1))],
)
def test_the_day_comes_from_the_name_of_the_file(tmp_path: Path, name: str, start: tuple[int, int, int]) -> None:
    horizon = read(tmp_path, name=name).horizon
    assert datetime(*start, tzinfo=UTC) == horizon.start
    assert (horizon.steps, horizon.step_min, horizon.timezone) == (2, 60, "UTC")


def test_a_case_comes_back_the_same(tmp_path: Path) -> None:
    case = read(tmp_path)
    assert write_case(case, tmp_path / "2020-07-06.pglib.json") != ()
    again = read_case(tmp_path / "2020-07-06.pglib.json").case
    assert case.model_copy(update={"name": again.name}).hash == again.hash


def test_a_field_of_another_kind_is_reported(tmp_path: Path) -> None:
    reading = read_case(put(tmp_path, {**SMALL, "branches": []}))
    assert reading.not_carried == ("'branches' is no field of the format and is left out",)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            ("thermal_generators", "coal", "ramp_up_limit"),
            None,
            "thermal_generators 'coal'.ramp_up_limit: is required and missing",
        ),
        (
            ("thermal_generators", "coal", "power_output_minimum"),
            "low",
            "power_output_minimum: must be a finite number (got 'low')",
        ),
        (("thermal_generators", "coal", "power_output_minimum"), 300, "'coal': min_mw 300 is above max_mw 200"),
        (("thermal_generators", "coal", "power_output_maximum"), -5, "'coal'.max_mw: must be at least 0 (got -5)"),
        (
            ("thermal_generators", "coal", "must_run"),
            2,
            "thermal_generators 'coal'.must_run: must be true or false (got 2)",
        ),
        (("thermal_generators", "coal", "startup"), {}, "thermal_generators 'coal'.startup: must be a list (got {})"),
        (("thermal_generators", "coal", "startup"), [{"lag": 1}], "'coal'.startup[0].cost: is required and missing"),
        (
            ("thermal_generators", "coal", "piecewise_production"),
            [7],
            "piecewise_production[0]: must be a mapping of fields (got 7)",
        ),
        (("thermal_generators", "coal"), [], "thermal_generators 'coal': must be a mapping of fields (got [])"),
        (("thermal_generators",), 5, "thermal_generators: must be a mapping of fields (got 5)"),
        (("renewable_generators", "wind", "power_output_maximum"), [1], "has 1 values for 2 steps"),
        (("renewable_generators", "coal"), WIND, "resources: the name 'coal' is used 2 times"),
        (("demand",), [1, 2, 3], "demand: has 3 values for 2 steps"),
        (("demand",), [1, None], "demand[1]: must be a finite number (got None)"),
        (("time_periods",), 0, "time_periods: must be a whole number of hours from 1 to 8784 (got 0)"),
        (("time_periods",), "two", "time_periods: must be a whole number of hours"),
    ],
)
def test_a_fault_names_the_generator_and_the_key(
    tmp_path: Path, path: tuple[str, ...], value: Any, expected: str
) -> None:
    document = deepcopy(SMALL)
    here = document
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = value
    with pytest.raises(BadInput) as caught:
        read_case(put(tmp_path, document), "pglib-uc")
    assert expected in str(caught.value)


def test_a_case_that_the_format_cannot_say_is_not_written(everything: Case, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        write_case(everything, tmp_path / "case.pglib.json")
    message = str(caught.value)
    for expected in (
        "horizon.step_min: is 15; pglib-uc has steps of 60 minutes",
        "zones: there are 2; pglib-uc has one node",
        "reserves: there are 2 products",
        "'=1+1; coal: 600 MW'.outages: pglib-uc cannot say it",
        "'store': pglib-uc has no battery resource",
        "'1e3'.initial: is missing; pglib-uc requires it",
        "'null'.power_mw: falls below 0",
    ):
        assert expected in message
    assert not (tmp_path / "case.pglib.json").exists()


def test_a_cost_curve_that_is_not_convex_is_not_written(tmp_path: Path) -> None:
    """2,000 at 100 MW, 4,000 at 150, 4,500 at 200: the model would run 150 MW at 3,250 instead of 4,000."""
    document = deepcopy(SMALL)
    document["thermal_generators"]["coal"]["piecewise_production"].insert(1, {"mw": 150, "cost": 4000})
    with pytest.raises(BadInput, match=r"'coal'\.cost: is not convex"):
        write_case(read(tmp_path, document), tmp_path / "case.pglib.json")
