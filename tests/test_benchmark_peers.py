"""The peers solve a day small enough to prove: those who know all rules agree with us, the relaxation is below."""

import json
from pathlib import Path
from typing import Any

import pytest
from benchmarks.cases import Instance, instances
from benchmarks.measuring import Settings, measured
from benchmarks.rows import Row
from benchmarks.tools import Tool, gridflex, peer

PYTHON = Path(__file__).resolve().parents[1] / ".venv-peers/bin/python"
SETTINGS = Settings(gap=1e-6, time_limit_s=60.0, threads=1, grace_s=10.0)

STEAM: dict[str, Any] = {
    "name": "steam",
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
    "piecewise_production": [
        {"mw": 100.0, "cost": 2000.0},
        {"mw": 150.0, "cost": 3000.0},
        {"mw": 200.0, "cost": 4500.0},
    ],
}
TURBINE: dict[str, Any] = {
    **STEAM,
    "name": "turbine",
    "must_run": 0,
    "power_output_minimum": 30.0,
    "power_output_maximum": 90.0,
    "ramp_startup_limit": 60.0,
    "ramp_shutdown_limit": 60.0,
    "time_up_minimum": 2,
    "time_down_minimum": 2,
    "power_output_t0": 0.0,
    "unit_on_t0": 0,
    "time_up_t0": 0,
    "time_down_t0": 24,
    "startup": [{"lag": 2, "cost": 500.0}, {"lag": 6, "cost": 900.0}],
    "piecewise_production": [{"mw": 30.0, "cost": 1800.0}, {"mw": 60.0, "cost": 3000.0}, {"mw": 90.0, "cost": 4800.0}],
}
SPARE: dict[str, Any] = {
    **TURBINE,
    "name": "spare",
    "startup": [{"lag": 2, "cost": 400.0}],
    "piecewise_production": [{"mw": 30.0, "cost": 1900.0}, {"mw": 90.0, "cost": 4900.0}],
}
DEMAND = [150.0, 170.0, 230.0, 260.0, 240.0, 180.0, 150.0, 150.0, 170.0, 230.0, 270.0, 310.0]
WIND = {"name": "wind", "power_output_minimum": [5.0] * 12, "power_output_maximum": [10.0, 12.0, 14.0, 16.0] * 3}
DAY = {
    "time_periods": 12,
    "demand": DEMAND,
    "reserves": [10.0] * 12,
    "thermal_generators": {unit["name"]: unit for unit in (STEAM, TURBINE, SPARE)},
    "renewable_generators": {"wind": WIND},
}


@pytest.fixture
def day(tmp_path: Path) -> Instance:
    (tmp_path / "day.json").write_text(json.dumps(DAY))
    (case,) = instances(tmp_path)
    return case


def solved(case: Instance, tool: Tool) -> Row:
    return measured(case, tool, SETTINGS, checker=None)[0]


@pytest.mark.parametrize("name", ["textbook", pytest.param("egret", marks=pytest.mark.slow)])
def test_a_peer_that_knows_all_rules_agrees_with_ours(name: str, day: Instance) -> None:
    ours, theirs = solved(day, gridflex()), solved(day, peer(name, PYTHON))
    assert ours.cost == pytest.approx(theirs.cost, rel=1e-5), theirs
    assert "gap reached" == theirs.ended
    assert theirs.peak_mb is not None
    assert theirs.peak_mb > 20


@pytest.mark.slow
def test_pypsa_is_a_relaxation(day: Instance) -> None:
    """It neither holds reserve nor pays more for a colder start: 500 instead of 900 for the first of a turbine."""
    ours, theirs = solved(day, gridflex()), solved(day, peer("pypsa", PYTHON))
    assert ours.cost is not None
    assert theirs.cost is not None
    assert theirs.cost <= ours.cost - 400 + 1e-3


def test_every_phase_of_a_peer_is_told_apart(day: Instance) -> None:
    row = solved(day, peer("textbook", PYTHON))
    phases = (row.read_s, row.build_s, row.hand_over_s)
    assert None not in (*phases, row.to_0_1, row.total_s)
    assert sum(filter(None, phases)) <= (row.to_0_1 or 0.0) <= (row.total_s or 0.0)
