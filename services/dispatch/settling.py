"""Settling a case: choosing, by a first solve, what it leaves open, and saying so.

A thermal unit without an initial state gets the one in which a day that closes on itself would leave it; rebound
beyond the horizon without a price gets the last price of the relaxed problem.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from grid_models.case import Case
from grid_models.plan import Assumptions
from grid_models.quantities import Floats
from grid_models.resources import InterruptibleLoad, Resource, ThermalUnit, VirtualPowerPlant
from grid_models.resources.thermal import ThermalState
from grid_models.resources.virtual_power_plant import Composition
from grid_models.window import window
from services.dispatch.assembly import build
from services.dispatch.errors import NoPlanInTime
from services.dispatch.memory import CyclicDay, digits, from_digits
from services.dispatch.merit import merit_order_commitment
from services.dispatch.model import Model
from services.dispatch.prices import prices
from services.dispatch.solve.guarded import INTERRUPTED, guarded_search
from services.dispatch.solve.highs import Settings, dispatch
from services.dispatch.starting import start_values

CYCLE_H = 24.0
CYCLE_GAP = 2e-3

Tell = Callable[[float | None, float | None], None]


def settled(
    case: Case, day_before: Case | None, settings: Settings, tell: Tell, known: CyclicDay | None = None
) -> tuple[Case, Assumptions, CyclicDay | None]:
    """The case with everything decided, what was assumed for it, and the day that supplied its initial states.

    A day that is known is not solved again if it is the same in every number; else its commitment is where that begins.
    """
    missing = [unit.name for unit in case.everything if isinstance(unit, ThermalUnit) and unit.initial is None]
    notes: list[str] = []
    if missing:
        known = _cyclic_day(case, set(missing), day_before, settings, tell, known)
        which = "the day before" if day_before else f"the first {_day(case).horizon.hours:g} h, closed on itself,"
        notes = [f"no initial state is given for {len(missing)} thermal units: a cyclic solve of {which} supplies it"]
    left = known.states if known else {}
    states = {name: _consistent(case, name, left[name]) for name in missing if name in left}
    full = with_initial(case, states)
    price = _last_price(full)
    if price is not None:
        full = _with_price(full, price)
    return full, Assumptions(initial=states, after_horizon_per_mwh=price, notes=notes), known


def assumed(case: Case, assumptions: Assumptions) -> Case:
    """The case as an earlier plan settled it."""
    full = with_initial(case, assumptions.initial)
    price = assumptions.after_horizon_per_mwh
    return full if price is None else _with_price(full, price)


def with_initial(case: Case, states: dict[str, ThermalState]) -> Case:
    """The same case, each named unit with its initial state."""
    if not states:
        return case
    return case.replaced(resources=tuple(_with_state(item, states) for item in case.resources))


def _with_state(resource: Resource, states: dict[str, ThermalState]) -> Resource:
    if isinstance(resource, ThermalUnit) and resource.name in states:
        return resource.model_copy(update={"initial": states[resource.name]})
    if isinstance(resource, VirtualPowerPlant) and isinstance(resource.model, Composition):
        members = tuple(_with_state(member, states) for member in resource.members)
        return resource.model_copy(update={"model": resource.model.model_copy(update={"members": members})})
    return resource


def _with_price(case: Case, price: float) -> Case:
    return case.replaced(prices=case.prices.model_copy(update={"after_horizon_per_mwh": price}))


def _day(case: Case) -> Case:
    """Its first day."""
    steps = min(case.steps, case.horizon.steps_in(CYCLE_H))
    return case if steps == case.steps else window(case, 0, steps)


def _cyclic_day(
    case: Case, missing: set[str], day_before: Case | None, settings: Settings, tell: Tell, known: CyclicDay | None
) -> CyclicDay:
    day = day_before or _day(case)
    if known is not None and known.day == day.hash and missing <= known.states.keys():
        return known
    model = build(day)
    matrix = model.pack()
    start = start_values(model, matrix, _first_commitment(day, known))
    found, why = guarded_search(matrix, settings, tell, start)
    if why == INTERRUPTED:
        raise KeyboardInterrupt
    if found.values is None:
        ended = f"the search for it ended by {why}" if why else "the search for it found none"
        raise NoPlanInTime(f"the case gives no initial state and {ended}: give one, or a longer time limit")
    exact = dispatch(matrix, found.values)
    return _left(model, day, found.values if exact.values is None else exact.values)


def _first_commitment(day: Case, known: CyclicDay | None) -> dict[str, NDArray[np.int64]]:
    """The merit order's, or what is known of a day like this one."""
    guess = merit_order_commitment(day)
    before = {} if known is None else known.commitments
    return {
        name: from_digits(before[name]) if len(before.get(name, "")) == day.steps else guess[name] for name in guess
    }


def _left(model: Model, day: Case, values: Floats) -> CyclicDay:
    """How the day leaves its units."""
    block = next(block for block in model.blocks if block.kind == "thermal")
    on, power = (block.published[name][0].at(values) for name in ("on", "power_mw"))
    rows = dict(zip(block.names, zip(np.round(on), power, strict=True), strict=True))
    return CyclicDay(
        day=day.hash,
        states={name: _state(own, mw, day.horizon.step_h) for name, (own, mw) in rows.items()},
        commitments={name: digits(own) for name, (own, _) in rows.items()},
    )


def _state(on: Floats, power: Floats, step_h: float) -> ThermalState:
    """How the day leaves a unit: on or off, since when (the day repeats), at what output."""
    same = on[::-1] == on[-1]
    held = len(on) if same.all() else int(np.argmin(same))
    running = bool(on[-1] > 0.5)
    return ThermalState(on=running, hours=held * step_h, power_mw=float(power[-1]) if running else 0.0)


def _consistent(case: Case, name: str, state: ThermalState) -> ThermalState:
    """The state, with its minimum time served where the case's own data would otherwise rule it out."""
    unit = next(unit for unit in case.everything if unit.name == name)
    assert isinstance(unit, ThermalUnit)
    if not list(unit.model_copy(update={"initial": state}).contradictions(case.horizon)):
        return state
    served = state.model_copy(update={"hours": max(state.hours, unit.min_up_h, unit.min_down_h)})
    if not list(unit.model_copy(update={"initial": served}).contradictions(case.horizon)):
        return served
    must = bool(unit.may_be_on(case.horizon)[0][0])
    return ThermalState(on=must, hours=max(24.0, unit.min_up_h, unit.min_down_h), power_mw=unit.min_mw if must else 0.0)


def _last_price(case: Case) -> float | None:
    rebounds = any(isinstance(load, InterruptibleLoad) and load.rebound_share > 0 for load in case.everything)
    if not rebounds or case.prices.after_horizon_per_mwh is not None:
        return None
    model = build(case)
    outcome = dispatch(model.pack())
    if outcome.row_dual is None:
        return None
    found = prices(model, outcome)
    return max(0.0, *(found[zone.name][-1] for zone in case.zones))
