"""What a plan still had before it when another went on from it: only that can be compared with the other."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np

from grid_models.case import Case
from grid_models.plan import Plan
from grid_models.quantities import Data
from grid_models.resources import ThermalUnit
from services.dispatch.calls import calls
from services.dispatch.referee import judge
from services.dispatch.replanning import remaining

Solved = tuple[Plan, Case]


def comparable(before: Solved, after: Solved) -> tuple[Plan, Plan, datetime | None]:
    """Both plans over the steps that both have, and since when, where one goes on from the middle of the other."""
    if _goes_on(after[0], before[0]):
        return left(*before, after[1]), after[0], after[0].times[0]
    if _goes_on(before[0], after[0]):
        return before[0], left(*after, before[1]), before[0].times[0]
    return before[0], after[0], None


def _goes_on(later: Plan, earlier: Plan) -> bool:
    steps = len(later.times)
    return 0 < steps < len(earlier.times) and earlier.times[-steps:] == later.times


def left(plan: Plan, case: Case, later: Case) -> Plan:
    """The steps of the plan from the beginning of the later case on, with what they alone cost."""
    rest = remaining(case, plan, later.horizon.start).case.replaced(decision_time=later.decision_time)
    cut = plan.model_copy(update=_since(plan, rest.steps) | {"case_hash": rest.hash, "case_name": rest.name})
    bill = judge(cut, rest)
    columns = {name: _columns(entry) for name, entry in cut.resources.items()}
    figures = {
        "cost": bill.cost,
        "objective": bill.cost,
        # What is executed has cost what it has cost: the rest can be cheaper by no more than the whole could.
        "lower_bound": bill.cost - (plan.cost - plan.lower_bound),
        "cost_by_kind": bill.cost_by_kind,
        "emissions_t": _emissions(rest, columns),
        "calls": calls(rest, columns, cut.prices),
    }
    return cut.model_copy(update=figures)


def _since(plan: Plan, steps: int) -> dict[str, Any]:
    """Every series of the plan, without its executed steps."""
    series = ("times", "resources", "reserves_mw", "prices", "shortage", "flows_mw")
    views = ("commitment", "power_mw", "reserve_mw")
    return {name: _last(getattr(plan, name), len(plan.times), steps) for name in (*series, *views)}


def _last(value: Any, length: int, steps: int) -> Any:
    if isinstance(value, Data):
        return value.model_copy(update=_last(dict(value), length, steps))
    if isinstance(value, Mapping):
        return {name: _last(one, length, steps) for name, one in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], list):
        return [_last(row, length, steps) for row in value]
    return value[-steps:] if isinstance(value, list) and len(value) == length else value


def _columns(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: np.asarray(values, dtype=float) for name, values in entry.items() if isinstance(values, list)}


def _emissions(case: Case, columns: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    units = [one for one in case.everything if isinstance(one, ThermalUnit)]
    step_h = case.horizon.step_h
    tonnes = sum(float(columns[unit.name]["power_mw"].sum()) * step_h * unit.emission_t_per_mwh for unit in units)
    return {"thermal": tonnes, "total": tonnes} if units else {"total": 0.0}
