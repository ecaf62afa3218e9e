"""Small plans made by hand, complete in form, whose demand follows the schedule: only the rule at stake can break."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from grid_models.case import Case, Prices, ReserveProduct, Zone
from grid_models.horizon import Horizon
from grid_models.plan import Assumptions, Plan, Shortage
from grid_models.resources import Resource, VirtualPowerPlant
from services.dispatch.referee import Verdict, judge

INJECTION = {
    "thermal": lambda c: c["power_mw"],
    "renewable": lambda c: c["power_mw"],
    "profile": lambda c: c["power_mw"],
    "virtual_power_plant": lambda c: c["power_mw"],
    "battery": lambda c: np.subtract(c["discharge_mw"], c["charge_mw"]).tolist(),
    "pumped_hydro": lambda c: np.subtract(c["generate_mw"], c["pump_mw"]).tolist(),
    "interruptible_load": lambda c: np.subtract(c["shed_mw"], c["rebound_mw"]).tolist(),
    "price_sensitive_load": lambda c: np.negative(c["served_mw"]).tolist(),
}
Columns = dict[str, Any]


def horizon(steps: int, step_min: int = 60, start: datetime | None = None) -> Horizon:
    return Horizon(start=start or datetime(2026, 7, 1, tzinfo=UTC), step_min=step_min, steps=steps, timezone="UTC")


def draft(case: Case, columns: dict[str, Columns], **fields: Any) -> Plan:
    """A plan of these columns with its views and claims in order; the cost claimed is what the referee finds."""
    homes = {m.name: r.name for r in case.resources if isinstance(r, VirtualPowerPlant) for m in r.members}
    given = {
        item.name: {"kind": item.kind} | ({"within": homes[item.name]} if item.name in homes else {})
        | columns.get(item.name, {})
        for item in case.everything
    }  # fmt: skip
    shortage = fields.get("shortage", Shortage())
    short = any(np.any(values) for group in shortage.model_dump().values() for values in group.values())
    spinning = [p.name for p in case.reserves if p.product == "spinning"]
    spin: dict[str, list[float]] = {}
    for product in spinning:
        for name, mw in fields.get("reserves_mw", {}).get(product, {}).items():
            spin[name] = np.add(spin.get(name, 0.0), mw).tolist()
    base: dict[str, Any] = {
        "case_hash": case.hash, "times": list(case.horizon.times), "status": "relaxed" if short else "feasible",
        "cost": 0.0, "objective": 0.0, "lower_bound": 0.0, "gap": 0.0, "resources": given,
        "commitment": {name: c["on"] for name, c in columns.items() if "on" in c},
        "power_mw": {name: INJECTION[given[name]["kind"]](c) for name, c in columns.items()},
        "reserve_mw": spin,
    }  # fmt: skip
    plan = Plan.model_validate(base | fields)
    cost = judge(plan, case).cost
    claim = {"cost": cost, "objective": cost, "lower_bound": cost}
    return plan.model_copy(update={key: value for key, value in claim.items() if key not in fields})


def stage(
    resource: Resource, columns: Columns, *, steps: int | None = None, step_min: int = 60,
    start: datetime | None = None, awards: dict[str, list[float]] | None = None,
    products: tuple[ReserveProduct, ...] = (), members: dict[str, Columns] | None = None,
    initial: Any = None, plan: dict[str, Any] | None = None, **case_fields: Any,
) -> tuple[Plan, Case]:  # fmt: skip
    """One resource alone in a zone whose demand is just what it injects; awards by product, or product/member."""
    injection = INJECTION[resource.kind](columns)
    count = steps or len(injection)
    case = Case(
        horizon=horizon(count, step_min, start), zones=(Zone(name="system", demand_mw=tuple(injection)),),
        resources=(resource,), reserves=products, prices=case_fields.pop("prices", Prices()), **case_fields,
    )  # fmt: skip
    reserves_mw: dict[str, dict[str, list[float]]] = {}
    for key, mw in (awards or {}).items():
        product, _, name = key.partition("/")
        reserves_mw.setdefault(product, {})[name or resource.name] = mw
    fields: dict[str, Any] = {"reserves_mw": reserves_mw} | (plan or {})
    if initial is not None:
        fields["assumptions"] = Assumptions(initial={resource.name: initial})
    return draft(case, {resource.name: columns} | (members or {}), **fields), case


def spin(**fields: Any) -> ReserveProduct:
    return ReserveProduct.model_validate(
        {"name": "spin", "product": "spinning", "requirement_mw": 0.0, "duration_h": 1.0} | fields
    )


def down(**fields: Any) -> ReserveProduct:
    return spin(**({"name": "down", "product": "regulation_down"} | fields))


def cold(**fields: Any) -> ReserveProduct:
    return spin(**({"name": "cold", "product": "non_spinning", "response_min": 30.0} | fields))


@pytest.fixture
def trial() -> Callable[..., Verdict]:
    """The verdict on one resource's schedule."""

    def run(resource: Resource, columns: Columns, **circumstances: Any) -> Verdict:
        plan, case = stage(resource, columns, **circumstances)
        return judge(plan, case)

    return run


def rules(verdict: Verdict) -> set[str]:
    return {violation.rule for violation in verdict.violations}
