"""A first guess of who runs: the merit order, mended until every unit's own rules allow it.

It is no plan, only a place to begin the search: cheapest full-load cost first until demand and up-reserve are covered,
then minimum times and the way down from the initial output.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from grid_models.case import Case
from grid_models.quantities import Floats, per_step
from grid_models.resources import Profile, Renewable, ThermalUnit
from services.dispatch.formulations.thermal import Limits, commitment_bounds, fleet_limits

Commitment = NDArray[np.int64]


def merit_order_commitment(case: Case) -> dict[str, Commitment]:
    """By thermal unit, 0 or 1 per step."""
    units = [unit for unit in case.everything if isinstance(unit, ThermalUnit)]
    if not units:
        return {}
    limits = fleet_limits(units, case)
    lower, upper = commitment_bounds(limits, case)
    on = _cheapest_first(units, _needed_mw(case), lower, upper)
    for row in range(len(units)):
        _mend(on[row], row, limits, lower[row], upper[row])
    return {unit.name: on[row] for row, unit in enumerate(units)}


def full_load_prices(case: Case) -> Floats:
    """Per step, the average full-load cost per MWh of the unit at which the merit order covers what is needed."""
    units = [unit for unit in case.everything if isinstance(unit, ThermalUnit)]
    high = np.array([unit.max_mw for unit in units])
    cost = full_load_cost(units)
    order = np.argsort(cost, kind="stable")
    place = np.searchsorted(np.cumsum(high[order]), np.maximum(_needed_mw(case), 0.0))
    prices: Floats = cost[order][np.minimum(place, len(units) - 1)]
    return prices


def full_load_cost(units: Sequence[ThermalUnit]) -> Floats:
    """By unit, what a MWh costs on average at full output."""
    return np.array([unit.curve[1][-1] / max(unit.max_mw, 1e-6) for unit in units])


def _needed_mw(case: Case) -> Floats:
    """What thermal units must be able to give: demand and up-reserve less what comes by itself."""
    steps = case.steps
    need: Floats = case.demand_mw.sum(0).copy()
    for resource in case.everything:
        if isinstance(resource, Renewable):
            need -= per_step(resource.available_mw, steps)
        elif isinstance(resource, Profile):
            need -= per_step(resource.power_mw, steps)
    for product in case.reserves:
        if product.up:
            need += per_step(product.requirement_mw, steps)
    return need


def _cheapest_first(units: Sequence[ThermalUnit], need_mw: Floats, lower: Floats, upper: Floats) -> Commitment:
    high = np.array([unit.max_mw for unit in units])
    order = np.argsort(full_load_cost(units), kind="stable")
    on = lower.astype(np.int64)
    must_mw = (on * high[:, None]).sum(0)
    free = (upper > 0) & (lower < 1)
    offered = (free * high[:, None])[order]
    before_mw = must_mw + np.cumsum(offered, axis=0) - offered
    on[order] |= (free[order] & (before_mw < need_mw)).astype(np.int64)
    return on


def _mend(on: Commitment, row: int, limits: Limits, lower: Floats, upper: Floats) -> None:
    """Make one unit's row follow its own rules by keeping it on longer, or off where it may not be on."""
    was_on = limits.on_before[row, 0] > 0
    if was_on:
        on[: _steps_down(row, limits)] |= (upper[: _steps_down(row, limits)] > 0).astype(np.int64)
    min_up, min_down = int(limits.min_up[row]), int(limits.min_down[row])
    cannot_start = limits.start_mw[row, 0] < -1e-9
    _close_gaps(on, was_on, min_down, upper)
    step, steps = (0, len(on))
    while step < steps:
        begins = on[step] and not (on[step - 1] if step else was_on)
        if begins and (cannot_start or not upper[step : step + min_up].all()):
            on[step : _run_end(on, step)] = 0
        elif begins:
            on[step : step + min_up] = 1
        step += 1
    _close_gaps(on, was_on, min_down, upper)
    np.maximum(on, lower.astype(np.int64), out=on)


def _steps_down(row: int, limits: Limits) -> int:
    """How many steps a unit needs to come down to where it may stop."""
    too_high = limits.above_before_mw[row, 0] - limits.fall_mw[row, 0]
    if too_high <= 1e-6:
        return 0
    fall = limits.ramp_down_mw[row, 0]
    return 1 if not np.isfinite(fall) or fall <= 0 else int(np.ceil(too_high / fall))


def _close_gaps(on: Commitment, was_on: bool, min_down: int, upper: Floats) -> None:
    """Stay on through a gap that is shorter than the minimum down time."""
    last = -1 if was_on else None
    for step in np.flatnonzero(on):
        if last is not None and 1 < step - last <= min_down and upper[last + 1 : step].all():
            on[last + 1 : step] = 1
        last = int(step)


def _run_end(on: Commitment, step: int) -> int:
    off = np.flatnonzero(on[step:] == 0)
    return step + int(off[0]) if off.size else len(on)
