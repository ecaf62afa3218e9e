"""The reference data: every file is read, quickly, and what two of them say of one system agrees."""

import json
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from grid_models.case import Case
from grid_models.formats import read_case, write_case
from grid_models.formats.native import write_native
from grid_models.resources import Renewable, ThermalUnit

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def rts(data: Path) -> Case:
    return read_case(data / "rts-gmlc", date=date(2020, 7, 6)).case.check()


@pytest.fixture(scope="module")
def benchmark(data: Path) -> dict[str, Any]:
    """The case of the same two days in the benchmark library."""
    return json.loads((data / "pglib-uc/rts_gmlc/2020-07-06.json").read_text())  # type: ignore[no-any-return]


def test_every_benchmark_case_is_read_and_written_without_loss(data: Path, tmp_path: Path) -> None:
    files = sorted((data / "pglib-uc").glob("*/*.json"))
    assert len(files) == 22
    for file in files:
        case = read_case(file).case.check(file.name)
        copy = tmp_path / f"{case.name}.pglib.json"
        write_case(case, copy)
        assert case.hash == read_case(copy.rename(tmp_path / f"{case.name}.json")).case.hash


def test_a_large_case_is_read_in_well_under_a_second(data: Path) -> None:
    """Measured: 0.1 s for 934 units and 48 hours; ten times that is allowed."""
    watch = time.process_time()
    case = read_case(data / "pglib-uc/ferc/2015-12-01_hw.json").case
    assert time.process_time() - watch < 1
    assert len(case.resources) == 935


def test_every_network_case_is_read(data: Path) -> None:
    files = sorted((data / "unitcommitment-jl").glob("*.json.gz"))
    assert len(files) == 9
    for file in files:
        reading = read_case(file)
        assert reading.format == "unitcommitment-jl"
        reading.case.check(file.name)


def test_the_sub_hourly_case_has_two_hours_in_four_steps(data: Path) -> None:
    case = read_case(data / "unitcommitment-jl/case14-sub-hourly.json.gz").case
    assert (case.horizon.steps, case.horizon.step_min) == (4, 30)
    first = case.resources[0]
    assert isinstance(first, ThermalUnit)
    assert first.cost[0].cost_per_h == 2800  # type: ignore[index]


def test_the_fixed_case_has_fixed_and_missing_states(data: Path) -> None:
    case = read_case(data / "unitcommitment-jl/case14-fixed-status.json.gz").case
    fixed = [unit for unit in case.resources if isinstance(unit, ThermalUnit) and unit.commitment]
    assert fixed
    free = read_case(data / "unitcommitment-jl/case118-initcond.json.gz").case
    assert {None} == {unit.initial for unit in free.resources if isinstance(unit, ThermalUnit)}


def test_the_thermal_units_agree_with_the_benchmark(rts: Case, benchmark: dict[str, Any]) -> None:
    """The library rounded its costs to cents and its outputs to 10 kW, and took a third of the ramps."""
    units = {unit.name: unit for unit in rts.resources if isinstance(unit, ThermalUnit)}
    assert set(benchmark["thermal_generators"]) == set(units)
    for name, theirs in benchmark["thermal_generators"].items():
        ours = units[name]
        assert (theirs["power_output_minimum"], theirs["power_output_maximum"]) == (
            pytest.approx(ours.min_mw),
            ours.max_mw,
        )
        assert [point["cost"] for point in theirs["piecewise_production"]] == [
            pytest.approx(point.cost_per_h, rel=5e-4)
            for point in ours.cost  # type: ignore[union-attr]
        ]
        assert [start["cost"] for start in theirs["startup"]] == [
            pytest.approx(ours.start_cost(start["lag"]), abs=0.01) for start in theirs["startup"]
        ]
        assert bool(theirs["must_run"]) == ours.must_run
        assert theirs["ramp_startup_limit"] == pytest.approx(ours.start_max_mw)
        assert ours.ramp_up_mw_per_h == pytest.approx(3 * theirs["ramp_up_limit"])


def test_demand_and_renewable_series_agree_with_the_benchmark(rts: Case, benchmark: dict[str, Any]) -> None:
    assert benchmark["demand"] == pytest.approx(rts.demand_mw.sum(axis=0), abs=0.006)
    plants = {plant.name: plant for plant in rts.resources if isinstance(plant, Renewable)}
    assert set(benchmark["renewable_generators"]) == set(plants)
    for name, theirs in benchmark["renewable_generators"].items():
        if name == "212_CSP_1":
            continue  # the library sets it to zero
        assert theirs["power_output_maximum"] == pytest.approx(plants[name].available_mw, abs=0.06)
        low = plants[name].min_mw
        assert theirs["power_output_minimum"] == pytest.approx(low if isinstance(low, tuple) else [low] * 48, abs=0.06)


def test_regions_links_and_reserves_of_the_folder(rts: Case) -> None:
    """Between 1 and 2: 175 + 500 + 500 MW; 1 and 3: 500 and the DC line's 100; 2 and 3: 500."""
    assert [(link.name, link.forward_max_mw) for link in rts.links] == [("1-2", 1175), ("1-3", 600), ("2-3", 500)]
    assert [product.name for product in rts.reserves] == [
        "Spin_Up_R1",
        "Spin_Up_R2",
        "Spin_Up_R3",
        "Flex_Up",
        "Flex_Down",
        "Reg_Up",
        "Reg_Down",
    ]
    assert len(rts.resources) == 73 + 81 + 1


def test_the_folder_comes_back_from_every_native_form(rts: Case, tmp_path: Path) -> None:
    write_native(rts, tmp_path / "a.yaml")
    write_native(rts, tmp_path / "b.json", "parquet")
    write_case(rts, tmp_path / "c.xlsx")
    assert {rts.hash} == {read_case(tmp_path / name).case.hash for name in ("a.yaml", "b.json", "c.xlsx")}
