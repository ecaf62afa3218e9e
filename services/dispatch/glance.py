"""A plan at a glance: what lists show and what Prometheus counts, so that neither unpacks a plan."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from grid_models.case import Case
from grid_models.plan import Plan
from grid_models.quantities import Floats, per_step
from grid_models.resources import InterruptibleLoad, Resource, VirtualPowerPlant
from grid_models.resources.virtual_power_plant import Envelope

SERIES_STEPS_MAX = 2000
"""Of longer plans only the first steps are looked at one by one."""


def glance(plan: Plan, case: Case, peak_mb: float) -> dict[str, Any]:
    """The figures of a plan, as JSON."""
    step_h = case.horizon.step_h
    short = plan.shortage
    return {
        "status": plan.status,
        "cost": plan.cost,
        "lower_bound": plan.lower_bound,
        "gap": plan.gap if np.isfinite(plan.gap) else None,
        "currency": plan.currency,
        "start": case.horizon.start.isoformat(),
        "steps": case.steps,
        "step_min": case.horizon.step_min,
        "seconds": plan.seconds,
        "versions": plan.versions,
        "peak_memory_mb": round(peak_mb, 1),
        "demand_peak_mw": float(case.demand_mw.sum(axis=0).max()),
        "unserved_mwh": _total(short.unserved_mw, step_h),
        "spilled_mwh": _total(short.spilled_mw, step_h),
        "reserve_shortage_mwh": _total(short.reserve_mw, step_h),
        "calls": len(plan.calls),
        "called_mwh": round(sum(call.energy_mwh for call in plan.calls), 6),
        "response_available_mw": _response_available_mw(plan, case)[:SERIES_STEPS_MAX].round(3).tolist(),
    }


def _total(by_name: dict[str, list[float]], step_h: float) -> float:
    return round(sum(sum(series) for series in by_name.values()) * step_h, 6)


def _response_available_mw(plan: Plan, case: Case) -> Floats:
    """By step: what contracts and virtual power plants could still give beyond what the plan calls."""
    left = [most_mw - given_mw for most_mw, given_mw in _response(plan, case)]
    return np.clip(np.sum(left, axis=0), 0, None) if left else np.zeros(case.steps)


def _response(plan: Plan, case: Case) -> Iterator[tuple[Floats, Floats]]:
    for resource in case.everything:
        most_mw = _most_mw(resource, case.steps)
        column = "shed_mw" if isinstance(resource, InterruptibleLoad) else "power_mw"
        given_mw = plan.resources.get(resource.name, {}).get(column)
        if most_mw is not None and given_mw is not None:
            yield most_mw, np.asarray(given_mw, dtype=float)


def _most_mw(resource: Resource, steps: int) -> Floats | None:
    if isinstance(resource, InterruptibleLoad):
        above_floor_mw = np.inf if resource.baseline_mw is None else per_step(resource.baseline_mw, steps)
        free_mw = np.clip(above_floor_mw - per_step(resource.floor_mw, steps), 0, None)
        most: Floats = np.minimum(resource.contract_mw, free_mw) * resource.availability
        return most
    if isinstance(resource, VirtualPowerPlant) and isinstance(resource.model, Envelope):
        return per_step(resource.model.power_max_mw, steps) * per_step(resource.availability, steps)
    return None
