"""A small case with one of everything, and the reference data where they are at hand."""

import os
from pathlib import Path
from typing import Any

import pytest

from grid_models.case import Case

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / os.environ.get("GRIDFLEX_DATA", "../shared/data")
collect_ignore_glob = [] if (DATA / "pglib-uc").is_dir() else ["test_*_data.py"]

STEPS = 12


def hours(*values: float) -> list[float]:
    """The values, repeated up to the end of the horizon."""
    return [values[step % len(values)] for step in range(STEPS)]


THERMAL: dict[str, Any] = {
    "kind": "thermal",
    "name": "=1+1; coal: 600 MW",
    "zone": "东部",
    "technology": "on",
    "min_mw": 300,
    "max_mw": 600,
    "cost": [[300, 120_000.1], [450, 170_000], [600, 226_000]],
    "start_costs": [{"hours_off": 4, "cost": 400_000}, {"hours_off": 12.5, "cost": 900_000}],
    "commitment": [True, None, False, None] * 3,
    "outages": [{"start": "2030-07-15T09:00:00+08:00", "end": "2030-07-15T10:00:00+08:00"}],
    "forbidden_zones": [{"from_mw": 380, "to_mw": 400.5}],
    "deep_peaking": [{"below_mw": 350, "price_per_mwh": 200}, {"below_mw": 320, "ramp_mw_per_h": 30}],
    "fuel_use": {"fuel": "gas", "gj_per_mwh": 9.1},
    "initial": {"on": True, "hours": 30, "power_mw": 301.7},
}
QUADRATIC: dict[str, Any] = {
    "kind": "thermal",
    "name": "1e3",
    "zone": "west",
    "min_mw": 0,
    "max_mw": 100,
    "cost": {"linear_per_mwh": 300, "quadratic_per_mw2h": 0.1},
}
BATTERY: dict[str, Any] = {
    "kind": "battery",
    "name": "store",
    "zone": "west",
    "charge_max_mw": 100,
    "discharge_max_mw": hours(100, 80.1),
    "energy_max_mwh": 200,
    "energy_start_mwh": 100,
    "end": {"min_mwh": 0, "value_per_mwh": 100},
}
STATION: dict[str, Any] = {
    "kind": "pumped_hydro",
    "name": "station",
    "zone": "west",
    "upper_max_mwh": 2000,
    "upper_start_mwh": 1000,
    "units": [
        {"name": "one", "generate_max_mw": 300, "pump_min_mw": 300, "pump_max_mw": 300},
        {
            "name": "two",
            "generate_min_mw": 90,
            "generate_max_mw": 300,
            "pump_min_mw": 0,
            "pump_max_mw": 300,
            "initial_mode": "pump",
            "initial_hours": 2,
        },
    ],
}
CONTRACT: dict[str, Any] = {
    "kind": "interruptible_load",
    "name": "smelter",
    "zone": "west",
    "contract_mw": 50,
    "form": "block",
    "call_max_h": 4,
    "initial": {"calls_used": 1, "hours_since_call": 7},
}
ENVELOPE: dict[str, Any] = {
    "kind": "virtual_power_plant",
    "name": "aggregator",
    "zone": "west",
    "availability": hours(1, 0.5),
    "model": {
        "form": "envelope",
        "power_min_mw": -20,
        "power_max_mw": hours(20, 30),
        "up_bids": [{"mw": 10, "price_per_mwh": 500}, {"mw": 20, "price_per_mwh": 700}],
    },
}
COMPOSITION: dict[str, Any] = {
    "kind": "virtual_power_plant",
    "name": "park",
    "zone": "东部",
    "model": {
        "form": "composition",
        "export_max_mw": 50,
        "import_max_mw": 10,
        "members": [
            {"kind": "renewable", "name": "roof", "zone": "东部", "available_mw": hours(0, 5, 7.25)},
            {**BATTERY, "name": "cellar", "zone": "东部"},
            {"kind": "profile", "name": "own use", "zone": "东部", "power_mw": -1},
        ],
    },
}
EVERYTHING: dict[str, Any] = {
    "format_version": 1,
    "name": "one of everything",
    "description": "two lines\nof text: with colons, # signs and 'quotes'",
    "sources": ["hand-written"],
    "horizon": {"start": "2030-07-15T00:00:00+08:00", "step_min": 15, "steps": STEPS},
    "decision_time": "2030-07-14T18:00:00+08:00",
    "zones": [
        {"name": "东部", "demand_mw": hours(400, 410.123456789012345, 0.1 + 0.2)},
        {"name": "west", "demand_mw": 55, "forecast_series": "load.west"},
    ],
    "links": [
        {
            "name": "tie",
            "from_zone": "东部",
            "to_zone": "west",
            "forward_max_mw": hours(50, 60),
            "back_max_mw": 40,
            "loss": 0.01,
        }
    ],
    "resources": [
        THERMAL,
        BATTERY,
        QUADRATIC,
        COMPOSITION,
        {"kind": "renewable", "name": "wind", "zone": "west", "available_mw": hours(1, 2), "min_mw": 0.5},
        ENVELOPE,
        STATION,
        {"kind": "profile", "name": "null", "zone": "west", "power_mw": hours(-3, 4)},
        CONTRACT,
        {
            "kind": "price_sensitive_load",
            "name": "hydrogen",
            "zone": "west",
            "demand_mw": 5,
            "value_per_mwh": hours(200, 300),
        },
    ],
    "reserves": [
        {
            "name": "spin",
            "product": "spinning",
            "requirement_mw": 30,
            "zones": ["东部", "west"],
            "response_min": 10,
            "eligible_kinds": ["thermal", "battery"],
            "shortage": [{"mw": 10, "price_per_mwh": 500}, {"price_per_mwh": 900}],
        },
        {"name": "down", "product": "regulation_down", "requirement_mw": hours(5, 6), "eligible": []},
    ],
    "fuels": [{"name": "gas", "day_max_gj": 60_000}, {"name": "oil", "day_max_gj": [100]}],
    "prices": {"unserved_per_mwh": 30_000, "after_horizon_per_mwh": 450},
    "carbon_price_per_t": 80,
    "network": {
        "buses": [{"name": "b1", "load_mw": hours(1, 2)}, {"name": "b2"}],
        "lines": [{"name": "l1", "from_bus": "b1", "to_bus": "b2", "susceptance_s": 20.5}],
        "contingencies": [{"name": "c1", "lines": ["l1"]}],
    },
}


@pytest.fixture(scope="session")
def everything() -> Case:
    """A case in which every kind, section and nested field appears, with names that invite misreading."""
    return Case.model_validate(EVERYTHING)


@pytest.fixture(scope="session")
def data() -> Path:
    return DATA
