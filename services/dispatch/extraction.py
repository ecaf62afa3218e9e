"""From the values of the columns to a plan that people and the referee can read."""

from collections import defaultdict
from typing import Any

import numpy as np

from grid_models.case import Case
from grid_models.plan import Assumptions, Plan, Shortage
from grid_models.quantities import Floats, per_step
from grid_models.resources import PumpedHydro, Renewable, ThermalUnit, VirtualPowerPlant
from services.dispatch.calls import calls
from services.dispatch.model import Matrix, Model
from services.dispatch.prices import binding, prices
from services.dispatch.solve.highs import Outcome

WHOLE = {"on", "called", "unit_generating", "unit_pumping"}
SHORTAGE_MW = 1e-5
"""Less than this is rounding, not shortage."""


def extract(case: Case, model: Model, matrix: Matrix, outcome: Outcome, assumptions: Assumptions) -> Plan:
    """The plan of a dispatch; its bound, times and versions are the caller's to fill in."""
    values = outcome.values
    assert values is not None
    columns = _columns(model, values)
    price = prices(model, outcome)
    cost = {kind: items for kind, items in _costs(model, values).items() if any(items.values())}
    total = sum(sum(items.values()) for items in cost.values())
    shortage = _shortage(columns)
    return Plan(
        case_hash=case.hash,
        case_name=case.name,
        currency=case.currency,
        times=list(case.horizon.times),
        status="relaxed" if short(shortage) else "feasible",
        cost=total,
        objective=total,
        lower_bound=-np.inf if not np.isfinite(outcome.bound) else outcome.bound,
        gap=0.0,
        assumptions=assumptions,
        cost_by_kind=cost,
        resources=_resources(case, columns),
        reserves_mw=_reserves(model, values),
        prices=price,
        shortage=shortage,
        flows_mw={link.name: _list(columns[link.name]["flow_mw"]) for link in case.links},
        emissions_t=_emissions(model, values),
        utilisation=_utilisation(case, columns),
        rebound_after_horizon_mwh=_rebound_after_horizon(columns),
        binding=binding(model, matrix, outcome),
        calls=calls(case, columns, price),
        **_views(case, model, values, columns),
    )


def short(shortage: Shortage) -> bool:
    """Whether anything could not be met."""
    parts = (shortage.unserved_mw, shortage.spilled_mw, shortage.reserve_mw)
    return any(value > SHORTAGE_MW for part in parts for series in part.values() for value in series)


def _columns(model: Model, values: Floats) -> dict[str, dict[str, Floats]]:
    """By resource and variable; the units of a station are rows of a table."""
    tables: dict[str, dict[str, list[Floats]]] = defaultdict(lambda: defaultdict(list))
    for block in model.blocks:
        for name, (linear, resources) in block.published.items():
            numbers = linear.at(values)
            numbers = np.round(numbers) if name in WHOLE else np.where(np.abs(numbers) < 1e-9, 0.0, numbers)
            for resource, row in zip(resources, numbers, strict=True):
                tables[resource][name].append(row)
    return {
        resource: {name: np.array(rows) if name.startswith("unit_") else rows[0] for name, rows in table.items()}
        for resource, table in tables.items()
    }


def _list(numbers: Floats) -> list[Any]:
    listed: list[Any] = (np.asarray(numbers, dtype=float) + 0.0).tolist()
    return listed


def _resources(case: Case, columns: dict[str, dict[str, Floats]]) -> dict[str, dict[str, Any]]:
    within = {
        member.name: plant.name
        for plant in case.resources
        if isinstance(plant, VirtualPowerPlant)
        for member in plant.members
    }
    found: dict[str, dict[str, Any]] = {}
    for resource in case.everything:
        entry: dict[str, Any] = {"kind": resource.kind}  # type: ignore[attr-defined]
        if resource.name in within:
            entry["within"] = within[resource.name]
        for name, numbers in columns[resource.name].items():
            if name == "rebound_after_horizon_mwh":
                continue
            if name == "lower_mwh" and isinstance(resource, PumpedHydro) and resource.lower_max_mwh is None:
                continue
            entry[name] = np.round(numbers).astype(int).tolist() if name in WHOLE else _list(numbers)
        found[resource.name] = entry
    return found


def _costs(model: Model, values: Floats) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for payment in model.payments:
        found[payment.kind][payment.item] += float(payment.linear.at(values).sum())
    return {kind: dict(items) for kind, items in found.items()}


def _reserves(model: Model, values: Floats) -> dict[str, dict[str, list[float]]]:
    found: dict[str, dict[str, list[float]]] = {}
    for product, parts in model.awards.items():
        sums: dict[str, Floats] = {}
        for names, linear in parts:
            for name, row in zip(names, linear.at(values), strict=True):
                sums[name] = sums.get(name, 0.0) + row
        found[product] = {name: _list(np.where(row < 1e-9, 0.0, row)) for name, row in sums.items()}
    return found


def _shortage(columns: dict[str, dict[str, Floats]]) -> Shortage:
    def of(name: str) -> dict[str, list[float]]:
        return {key: _list(np.maximum(table[name], 0)) for key, table in columns.items() if name in table}

    return Shortage(unserved_mw=of("unserved_mw"), spilled_mw=of("spilled_mw"), reserve_mw=of("shortage_mw"))


def _emissions(model: Model, values: Floats) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for kind, linear in model.emissions:
        found[kind] += float(linear.at(values).sum())
    return {**found, "total": sum(found.values())}


def _utilisation(case: Case, columns: dict[str, dict[str, Floats]]) -> dict[str, float]:
    used, available, found = 0.0, 0.0, {}
    for resource in case.everything:
        if isinstance(resource, Renewable):
            offered = float(per_step(resource.available_mw, case.steps).sum())
            taken = float(columns[resource.name]["power_mw"].sum())
            found[resource.name] = taken / offered if offered > 0 else 1.0
            used, available = used + taken, available + offered
    return {**found, "total": used / available if available > 0 else 1.0} if found else {}


def _rebound_after_horizon(columns: dict[str, dict[str, Floats]]) -> dict[str, float]:
    name = "rebound_after_horizon_mwh"
    found = {key: float(table[name].sum()) for key, table in columns.items() if name in table}
    return {key: value for key, value in found.items() if value > 1e-6}


def _views(
    case: Case, model: Model, values: Floats, columns: dict[str, dict[str, Floats]]
) -> dict[str, dict[str, list[Any]]]:
    """Commitment, power and spinning reserve by name, at the top level."""
    names = [resource.name for resource in case.everything]
    power = model.injection(names).at(values)
    spinning = [item.name for item in case.reserves if item.product == "spinning"]
    thermal = [unit.name for unit in case.everything if isinstance(unit, ThermalUnit)]
    reserve: Floats = np.sum([model.awarded(product, thermal).at(values) for product in spinning], axis=0)
    reserve = np.where(np.abs(reserve) < 1e-9, 0.0, reserve)
    return {
        "commitment": {name: columns[name]["on"].astype(int).tolist() for name in thermal},
        "power_mw": dict(zip(names, np.where(np.abs(power) < 1e-9, 0.0, power).tolist(), strict=True)),
        "reserve_mw": dict(zip(thermal, reserve.tolist(), strict=True)) if spinning else {},
    }
