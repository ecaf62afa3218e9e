"""One thermal unit by exhaustion: every on-off pattern, each with the plain linear programme that the rules leave.

Written from the meaning of the rules, without a tight inequality anywhere: what the engine's formulation must not cut.
"""

from collections.abc import Iterator
from itertools import pairwise, product

import numpy as np
from scipy.optimize import linprog

from grid_models.case import Case
from grid_models.resources import ThermalUnit

POWER, SPIN, UNSERVED, SPILLED, MISSING, COST = range(6)
"""Columns of a step."""
Row = tuple[dict[tuple[int, int], float], float]
"""Weights by step and column, and what their sum is at most."""


def cheapest(case: Case) -> float:
    """The optimum of a case with one thermal unit and one spinning product."""
    unit = case.resources[0]
    assert isinstance(unit, ThermalUnit)
    return min(_cost(case, unit, on) for on in product((False, True), repeat=case.steps) if _allowed(case, unit, on))


def _was(unit: ThermalUnit) -> tuple[bool, float, float]:
    assert unit.initial is not None
    return unit.initial.on, unit.initial.hours, unit.initial.power_mw


def _runs(case: Case, unit: ThermalUnit, on: tuple[bool, ...]) -> Iterator[tuple[bool, float, bool]]:
    """Every stretch on or off with its hours, those before the horizon included; whether it ended within it."""
    now, hours, _ = _was(unit)
    for step in on:
        if step != now:
            yield now, hours, True
            now, hours = step, 0.0
        hours += case.horizon.step_h
    yield now, hours, False


def _allowed(case: Case, unit: ThermalUnit, on: tuple[bool, ...]) -> bool:
    was_on, _, power_mw = _was(unit)
    for state, hours, ended in _runs(case, unit, on):
        if ended and hours < (unit.min_up_h if state else unit.min_down_h) - 1e-9:
            return False
    before = (was_on, *on)
    starts = sum(now and not then for then, now in zip(before, on, strict=False))
    if unit.starts_per_day_max is not None and starts > unit.starts_per_day_max:
        return False
    if was_on and not on[0]:
        fall_mw = np.inf if unit.ramp_down_mw_per_h is None else unit.ramp_down_mw_per_h * case.horizon.step_h
        return power_mw <= _most(unit.stop_max_mw) and power_mw - unit.min_mw <= fall_mw
    return True


def _most(limit: float | None) -> float:
    return np.inf if limit is None else limit


def _start_costs(case: Case, unit: ThermalUnit, on: tuple[bool, ...]) -> float:
    total = 0.0
    for state, hours, ended in _runs(case, unit, on):
        if ended and not state and unit.start_costs:
            passed = [item.cost for item in unit.start_costs if item.hours_off <= hours]
            total += passed[-1] if passed else unit.start_costs[0].cost
    return total


def _cost(case: Case, unit: ThermalUnit, on: tuple[bool, ...]) -> float:
    width, step_h, prices = 6 * case.steps, case.horizon.step_h, case.prices
    objective = np.zeros((case.steps, 6))
    objective[:, [UNSERVED, SPILLED, MISSING, COST]] = (
        prices.unserved_per_mwh, prices.spilled_per_mwh, prices.reserve_shortage_per_mwh, 1.0
    )  # fmt: skip
    rows = [row for step in range(case.steps) for row in _rows(case, unit, on, step)]
    table, most = np.zeros((len(rows), width)), np.array([limit for _, limit in rows])
    for row, (weights, _) in enumerate(rows):
        for (step, column), weight in weights.items():
            table[row, 6 * step + column] = weight
    balance = np.zeros((case.steps, width))
    for step in range(case.steps):
        balance[step, [6 * step + POWER, 6 * step + UNSERVED, 6 * step + SPILLED]] = 1, 1, -1
    found = linprog(
        objective.ravel() * step_h, A_ub=table, b_ub=most, A_eq=balance, b_eq=case.demand_mw[0], bounds=(0, None)
    )
    return float(found.fun) + _start_costs(case, unit, on) if found.status == 0 else np.inf


def _rows(case: Case, unit: ThermalUnit, on: tuple[bool, ...], step: int) -> Iterator[Row]:
    required = np.broadcast_to(np.asarray(case.reserves[0].requirement_mw), (case.steps,))[step]
    yield {(step, SPIN): -1, (step, MISSING): -1}, -float(required)
    with_reserve = {(step, POWER): 1.0, (step, SPIN): 1.0}
    was_on, _, power_mw = _was(unit)
    before = on[step - 1] if step else was_on
    yield with_reserve, unit.max_mw if on[step] else 0.0
    if on[step]:
        yield {(step, POWER): -1}, -unit.min_mw
        if not before:
            yield with_reserve, min(_most(unit.start_max_mw), unit.max_mw)
        if step + 1 < case.steps and not on[step + 1]:
            yield with_reserve, min(_most(unit.stop_max_mw), unit.max_mw)
        points = [(point.mw, point.cost_per_h) for point in unit.cost]  # type: ignore[union-attr]
        for (here, low), (there, high) in pairwise(points):
            slope = (high - low) / (there - here)
            yield {(step, POWER): slope, (step, COST): -1}, slope * here - low
    yield from _moves(case, unit, on, step, max(0.0, power_mw - unit.min_mw) if was_on else 0.0)


def _moves(case: Case, unit: ThermalUnit, on: tuple[bool, ...], step: int, above_before: float) -> Iterator[Row]:
    """What is above the minimum moves within the ramps; an idle unit stands at zero."""
    step_h, low = case.horizon.step_h, unit.min_mw
    rise: dict[tuple[int, int], float] = {(step, POWER): 1.0, (step, SPIN): 1.0}
    known = -low * on[step] - (above_before if step == 0 else -low * on[step - 1])
    if step:
        rise[step - 1, POWER] = -1.0
    if unit.ramp_up_mw_per_h is not None:
        yield rise, unit.ramp_up_mw_per_h * step_h - known
    if unit.ramp_down_mw_per_h is not None:
        fall = {key: -weight for key, weight in rise.items() if key[1] == POWER}
        yield fall, unit.ramp_down_mw_per_h * step_h + known
