"""Non-spinning reserve of units that are off but could start within the response time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from grid_models.case import Case, ReserveProduct
from grid_models.quantities import Floats
from grid_models.resources import ThermalUnit
from services.dispatch.algebra import Linear, zero
from services.dispatch.fleet import column, day_matrix
from services.dispatch.model import Block
from services.dispatch.reserves import admits_at, admitted_zones, wanted

if TYPE_CHECKING:
    from services.dispatch.formulations.thermal import Limits, Variables


def offline_awards(block: Block, limits: Limits, x: Variables) -> None:
    """Awards while off: rested for the minimum down time, not on outage, quick enough (T15)."""
    case = block.model.case
    places = admitted_zones(case)
    spare, ready = zero(block.shape), np.zeros(block.shape, dtype=bool)
    for product in wanted(case):
        chosen = np.flatnonzero(
            [_starts_in_time(unit, product) and admits_at(case, product, unit, places) for unit in limits.units]
        )
        if product.product == "non_spinning" and chosen.size:
            spare = spare + _variables(block, product, chosen).scattered(chosen, len(block.names))
            ready[chosen] = True
    rested = 1 - x.on - x.stop.over_last(limits.min_down)
    block.require("non-spinning from rest", spare <= rested * _first_step_mw(limits), ready)
    block.require("non-spinning while it may start", spare <= 0, ready & ~_may_start(limits, case))
    _starts_left(block, limits, x, spare, ready)


def _starts_left(block: Block, limits: Limits, x: Variables, spare: Linear, ready: NDArray[np.bool_]) -> None:
    """A start for reserve needs one that the schedule of the day has not used."""
    most = column(limits.units, lambda unit: unit.starts_per_day_max)
    bound = ready & np.isfinite(most)
    left = np.where(np.isfinite(most), most, 0.0)
    for day in day_matrix(block.model.case) if bound.any() else ():
        unused = left - x.start[:, day].sum(1)[:, None]
        block.require(
            "non-spinning within the starts of the day", spare <= unused * _first_step_mw(limits), bound & day
        )


def ready_mw(limits: Limits, case: Case) -> Floats:
    """What each unit can hold in each step once it has rested, quick enough or not."""
    mw: Floats = _first_step_mw(limits) * _may_start(limits, case)
    return mw


def _starts_in_time(unit: ThermalUnit, product: ReserveProduct) -> bool:
    if unit.start_time_min is None or (unit.start_max_mw is not None and unit.start_max_mw < unit.min_mw):
        return False
    return product.response_min is None or unit.start_time_min <= product.response_min


def _variables(block: Block, product: ReserveProduct, chosen: NDArray[np.int64]) -> Linear:
    names = [block.names[index] for index in chosen]
    variable = block.variable(f"offline_{product.name}_mw", shape=(chosen.size, block.steps), resources=names)
    block.model.awards.setdefault(product.name, []).append((tuple(names), variable))
    return variable


def _first_step_mw(limits: Limits) -> Floats:
    most = column(limits.units, lambda unit: unit.start_max_mw)
    high: Floats = np.minimum(most, limits.room_mw + limits.min_mw)
    return high


def _may_start(limits: Limits, case: Case) -> NDArray[np.bool_]:
    """Steps at which a unit that is off is neither on outage, forbidden, nor held by its initial hours off."""
    horizon = case.horizon
    may = np.array([unit.may_be_on(horizon)[1] for unit in limits.units])
    off_before = column(limits.units, lambda unit: bool(unit.initial and not unit.initial.on)) > 0
    since = limits.hours_before + np.arange(case.steps) * horizon.step_h
    least = column(limits.units, lambda unit: unit.min_down_h)
    rested: NDArray[np.bool_] = may & ~(off_before & (since < least - 1e-9))
    return rested
