"""pglib-uc: the unit-commitment benchmark library of Power Grid Lib, JSON, hourly, one node.

The meaning is the library's MODEL.tex (Knueven, Ostrowski, Watson): https://github.com/power-grid-lib/pglib-uc.
"""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from grid_models.case import Case, ReserveProduct
from grid_models.errors import BadInput
from grid_models.formats.documents import Document, read_document
from grid_models.formats.entry import Entry
from grid_models.formats.reading import Reading, case_name, start_of, validated
from grid_models.quantities import per_step
from grid_models.resources import Profile, Renewable, Resource, ThermalUnit

NAME = "pglib-uc"
ZONE = "system"
RESERVE = "spinning"
SHORTAGE_PRICE_PER_MWH = 100_000.0
"""The model has no shortage; this is dear enough that none is chosen where it can be avoided."""


def read_pglib_uc(path: Path) -> Reading:
    """The case in a pglib-uc file."""
    return from_document(read_document(path), path)


def from_document(document: Document, path: Path) -> Reading:
    """The case in a pglib-uc document."""
    root = Entry(str(path), "", document)
    steps = root.value("time_periods")
    if not isinstance(steps, int) or not 1 <= steps <= 8784:
        raise root.fault("time_periods", f"must be a whole number of hours from 1 to 8784 (got {steps!r})")
    thermal = [_thermal(name, entry) for name, entry in root.entries("thermal_generators")]
    renewable = [_renewable(name, entry, steps) for name, entry in root.entries("renewable_generators", {})]
    native = {
        "name": case_name(path),
        "sources": ("pglib-uc, https://github.com/power-grid-lib/pglib-uc",),
        "horizon": {"start": start_of(path), "step_min": 60, "steps": steps, "timezone": "UTC"},
        "zones": [{"name": ZONE, "demand_mw": root.series("demand", steps)}],
        "resources": [*thermal, *renewable],
        "reserves": [_reserve(root, steps)] if root.has("reserves") else [],
        "prices": dict.fromkeys(
            ("unserved_per_mwh", "spilled_per_mwh", "reserve_shortage_per_mwh"), SHORTAGE_PRICE_PER_MWH
        ),
        "currency": "USD",
    }
    losses = [f"'{key}' is no field of the format and is left out" for key in root.unused()]
    return Reading(validated(native, path), NAME, tuple(losses))


def _thermal(name: str, entry: Entry) -> dict[str, Any]:
    return {
        "kind": "thermal",
        "name": name,
        "zone": ZONE,
        "min_mw": entry.number("power_output_minimum"),
        "max_mw": entry.number("power_output_maximum"),
        "cost": _points(entry),
        "start_costs": _start_costs(entry),
        "min_up_h": entry.number("time_up_minimum"),
        "min_down_h": entry.number("time_down_minimum"),
        "ramp_up_mw_per_h": entry.number("ramp_up_limit"),
        "ramp_down_mw_per_h": entry.number("ramp_down_limit"),
        "start_max_mw": entry.number("ramp_startup_limit"),
        "stop_max_mw": entry.number("ramp_shutdown_limit"),
        "must_run": entry.flag("must_run"),
        "initial": _initial(entry),
    }


def _points(entry: Entry) -> list[dict[str, float]]:
    points = _parts(entry, "piecewise_production")
    return [{"mw": point.number("mw"), "cost_per_h": point.number("cost")} for point in points]


def _start_costs(entry: Entry) -> list[dict[str, float]]:
    return [{"hours_off": part.number("lag"), "cost": part.number("cost")} for part in _parts(entry, "startup")]


def _parts(entry: Entry, key: str) -> list[Entry]:
    return [Entry(entry.source, f"{entry.place}.{key}[{i}]", part) for i, part in enumerate(entry.items(key))]


def _initial(entry: Entry) -> dict[str, Any]:
    on = entry.flag("unit_on_t0")
    hours = entry.number("time_up_t0" if on else "time_down_t0")
    return {"on": on, "hours": hours, "power_mw": entry.number("power_output_t0") if on else 0.0}


def _renewable(name: str, entry: Entry, steps: int) -> dict[str, Any]:
    return {
        "kind": "renewable",
        "name": name,
        "zone": ZONE,
        "min_mw": entry.series("power_output_minimum", steps),
        "available_mw": entry.series("power_output_maximum", steps),
    }


def _reserve(root: Entry, steps: int) -> dict[str, Any]:
    return {
        "name": RESERVE,
        "product": "spinning",
        "requirement_mw": root.series("reserves", steps),
        "duration_h": 0.0,
        "eligible_kinds": ("thermal",),
    }


def write_pglib_uc(case: Case, path: Path) -> tuple[str, ...]:
    """Write the case, or `BadInput` with everything that the format cannot say; returns what only informs."""
    reserve = case.reserves[0] if case.reserves else None
    faults = [*_case_faults(case), *(fault for resource in case.resources for fault in _faults(resource, case))]
    if faults:
        raise BadInput(f"{case.name} as {NAME}", *faults[:20])
    document = {
        "time_periods": case.steps,
        "demand": case.demand_mw[0].tolist(),
        "reserves": per_step(reserve.requirement_mw if reserve else 0.0, case.steps).tolist(),
        "thermal_generators": {
            unit.name: _thermal_out(unit, case) for unit in case.resources if isinstance(unit, ThermalUnit)
        },
        "renewable_generators": {
            plant.name: _renewable_out(plant, case.steps)
            for plant in case.resources
            if isinstance(plant, Renewable | Profile)
        },
    }
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")
    return ("the day, the prices of shortage, technologies, buses and emission rates are not in pglib-uc",)


def _case_faults(case: Case) -> list[str]:
    faults = []
    if case.horizon.step_min != 60:
        faults.append(f"horizon.step_min: is {case.horizon.step_min}; pglib-uc has steps of 60 minutes")
    if len(case.zones) > 1:
        faults.append(f"zones: there are {len(case.zones)}; pglib-uc has one node")
    if case.carbon_price_per_t:
        faults.append("carbon_price_per_t: pglib-uc has no carbon price; set it to 0 or add it to the costs")
    if len(case.reserves) > 1:
        faults.append(f"reserves: there are {len(case.reserves)} products; pglib-uc has one, spinning")
    if case.fuels:
        faults.append("fuels: pglib-uc has no fuel limits")
    return faults + [fault for product in case.reserves for fault in _reserve_faults(product)]


def _reserve_faults(product: ReserveProduct) -> list[str]:
    plain = product.product == "spinning" and product.eligible_kinds == ("thermal",)
    if plain and product.eligible is None and product.response_min is None:
        return []
    return [f"reserves '{product.name}': pglib-uc has spinning reserve of all thermal units, without response time"]


UNSAID: dict[type[Resource], dict[str, Any]] = {
    ThermalUnit: {
        "commitment": None, "outages": (), "forbidden_zones": (), "starts_per_day_max": None,
        "energy_per_day_max_mwh": None, "deep_peaking": (),
    },
    Renewable: {"cost_per_mwh": 0.0, "curtailment_price_per_mwh": 0.0, "utilisation_min": None},
    Profile: {"cost_per_mwh": 0.0},
}  # fmt: skip
"""Fields that pglib-uc has no word for, and the value at which they say nothing."""


def _faults(resource: Resource, case: Case) -> list[str]:
    place = f"resources '{resource.name}'"
    silent = UNSAID.get(type(resource))
    if silent is None:
        return [f"{place}: pglib-uc has no {getattr(resource, 'kind', 'such')} resource"]
    faults = [
        f"{place}.{field}: pglib-uc cannot say it"
        for field, value in silent.items()
        if getattr(resource, field) != value
    ]
    if isinstance(resource, ThermalUnit) and resource.initial is None:
        faults.append(f"{place}.initial: is missing; pglib-uc requires it")
    if isinstance(resource, ThermalUnit) and _bends_back(resource):
        faults.append(f"{place}.cost: is not convex; pglib-uc would run it as its convex hull")
    if isinstance(resource, Profile) and per_step(resource.power_mw, case.steps).min() < 0:
        faults.append(f"{place}.power_mw: falls below 0; pglib-uc has no power that leaves")
    return faults


def _bends_back(unit: ThermalUnit) -> bool:
    mw, cost = unit.curve
    slopes = np.diff(cost) / np.diff(mw)
    return bool((np.diff(slopes) < -1e-6 * (1 + np.abs(slopes[:-1]))).any())


def _thermal_out(unit: ThermalUnit, case: Case) -> dict[str, Any]:
    state = unit.initial
    assert state is not None
    mw, cost = unit.curve
    starts = [{"lag": math.ceil(start.hours_off), "cost": start.cost} for start in unit.start_costs]
    return {
        "must_run": int(unit.must_run),
        "power_output_minimum": unit.min_mw,
        "power_output_maximum": unit.max_mw,
        "ramp_up_limit": _or(unit.ramp_up_mw_per_h, unit.max_mw),
        "ramp_down_limit": _or(unit.ramp_down_mw_per_h, unit.max_mw),
        "ramp_startup_limit": _or(unit.start_max_mw, unit.max_mw),
        "ramp_shutdown_limit": _or(unit.stop_max_mw, unit.max_mw),
        "time_up_minimum": math.ceil(unit.min_up_h),
        "time_down_minimum": math.ceil(unit.min_down_h),
        "power_output_t0": state.power_mw,
        "unit_on_t0": int(state.on),
        "time_up_t0": _whole(state.hours) if state.on else 0,
        "time_down_t0": 0 if state.on else _whole(state.hours),
        "startup": starts or [{"lag": max(1, math.ceil(unit.min_down_h)), "cost": 0.0}],
        "piecewise_production": [{"mw": x, "cost": y} for x, y in zip(mw.tolist(), cost.tolist(), strict=True)],
        "name": unit.name,
    }


def _or(limit: float | None, otherwise: float) -> float:
    return otherwise if limit is None else limit


def _whole(hours: float) -> float:
    return int(hours) if hours.is_integer() else hours


def _renewable_out(plant: Renewable | Profile, steps: int) -> dict[str, Any]:
    low, high = (plant.min_mw, plant.available_mw) if isinstance(plant, Renewable) else (plant.power_mw,) * 2
    return {
        "power_output_minimum": per_step(low, steps).tolist(),
        "power_output_maximum": per_step(high, steps).tolist(),
        "name": plant.name,
    }
