"""Thermal units: the three-binary formulation in its tight forms.

Sources: Morales-España, Latorre, Ramos (2013), doi 10.1109/TPWRS.2013.2251373; Knueven, Ostrowski, Watson (2020),
doi 10.1287/ijoc.2019.0944 (numbers in the comments refer to the formulation document, section Thermal).
Output is `min_mw * on + above`, so that every limit is a limit on what is above the minimum.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid_models.case import Case
from grid_models.quantities import Floats
from grid_models.resources import ThermalUnit
from services.dispatch.algebra import Linear
from services.dispatch.fleet import column, day_matrix, steps_in
from services.dispatch.formulations.thermal_bands import deep_peaking_ramps, forbidden_zones
from services.dispatch.formulations.thermal_cost import production_cost, start_cost
from services.dispatch.formulations.thermal_offline import offline_awards
from services.dispatch.model import Block
from services.dispatch.reserves import Awards, award

STARTS_AND_STOPS = "starts and stops"


@dataclass(frozen=True)
class Limits:
    """A thermal fleet as arrays: one row per unit; MW above minimum, MW per step, steps."""

    units: Sequence[ThermalUnit]
    min_mw: Floats
    room_mw: Floats
    """From minimum to maximum."""
    ramp_up_mw: Floats
    """Per step; infinite where there is no limit."""
    ramp_down_mw: Floats
    start_mw: Floats
    """Above the minimum in the first step on, up-reserve included; below 0: cannot start."""
    stop_mw: Floats
    """Above the minimum in the last step on, up-reserve included; below 0: cannot stop."""
    min_up: NDArray[np.int64]
    min_down: NDArray[np.int64]
    on_before: Floats
    above_before_mw: Floats
    hours_before: Floats
    cyclic: NDArray[np.bool_]
    """Units without an initial state: what they do at the end is what they did before the beginning."""

    @property
    def fall_mw(self) -> Floats:
        """Above the minimum in the last step on, without reserve: the ramp down must reach zero too."""
        return np.minimum(self.stop_mw, self.ramp_down_mw)


@dataclass(frozen=True)
class Variables:
    """What a thermal unit decides."""

    on: Linear
    start: Linear
    stop: Linear
    above: Linear
    was_on: Linear
    """On, one step earlier."""
    before_mw: Linear
    """Above the minimum, one step earlier."""


def formulate(block: Block, units: Sequence[ThermalUnit]) -> None:
    """Add a thermal fleet to the model."""
    limits = fleet_limits(units, block.model.case)
    x = _variables(block, limits)
    power = block.publish("power_mw", x.above + x.on * limits.min_mw)
    block.model.injections.append((block.names, power))
    awards = _online_awards(block, limits)
    offline_awards(block, limits, x)
    up, down = awards.of(up=True), awards.of(up=False)
    _commitment(block, limits, x)
    _output_limits(block, limits, x, up)
    _ramps(block, limits, x, up, down)
    if awards.any(up=False):
        block.require("down-reserve above the minimum", x.above >= down)
    production_cost(block, limits, x)
    start_cost(block, limits, x)
    forbidden_zones(block, limits, x, up, down)
    deep_peaking_ramps(block, limits, x, up, down)
    _per_day(block, limits, x, power)
    _fuel_and_carbon(block, limits, x, power)


def fleet_limits(units: Sequence[ThermalUnit], case: Case) -> Limits:
    """The fleet's limits in MW above minimum and in steps."""
    step_h = case.horizon.step_h
    low, high = column(units, lambda unit: unit.min_mw), column(units, lambda unit: unit.max_mw)
    room = high - low
    rise = column(units, lambda unit: unit.ramp_up_mw_per_h) * step_h
    start = column(units, lambda unit: unit.start_max_mw) - low
    stop = column(units, lambda unit: unit.stop_max_mw) - low
    return Limits(
        units=units,
        min_mw=low,
        room_mw=room,
        ramp_up_mw=rise,
        ramp_down_mw=column(units, lambda unit: unit.ramp_down_mw_per_h) * step_h,
        start_mw=np.minimum(np.minimum(start, rise), room),
        stop_mw=np.minimum(stop, room),
        min_up=np.maximum(steps_in(case, column(units, lambda unit: unit.min_up_h)), 1),
        min_down=np.maximum(steps_in(case, column(units, lambda unit: unit.min_down_h)), 1),
        on_before=column(units, lambda unit: bool(unit.initial and unit.initial.on)),
        above_before_mw=column(
            units, lambda unit: max(0.0, unit.initial.power_mw - unit.min_mw) if unit.initial and unit.initial.on else 0
        ),
        hours_before=column(units, lambda unit: unit.initial.hours if unit.initial else 0.0),
        cyclic=np.array([unit.initial is None for unit in units], dtype=bool),
    )


def commitment_bounds(limits: Limits, case: Case) -> tuple[Floats, Floats]:
    """Per unit and step, 1 where it must be on and 0 where it must be off, its initial hours included."""
    must, may = (
        np.array(sides) for sides in zip(*(unit.may_be_on(case.horizon) for unit in limits.units), strict=True)
    )
    step = np.arange(case.steps)
    was_on = limits.on_before > 0
    least = column(limits.units, lambda unit: unit.min_up_h if unit.initial and unit.initial.on else unit.min_down_h)
    held = np.ceil((least - limits.hours_before) / case.horizon.step_h - 1e-9)
    settled = column(limits.units, lambda unit: unit.initial is not None) > 0
    bound = settled & (step < held)
    lower = must | (bound & was_on)
    upper = may & ~(bound & ~was_on)
    return lower.astype(float), upper.astype(float)


def _variables(block: Block, limits: Limits) -> Variables:
    case = block.model.case
    lower, upper = commitment_bounds(limits, case)
    # A unit that was running higher than it may stop from cannot stop at once (eq. T6).
    stops = np.ones(block.shape)
    too_high = limits.above_before_mw > limits.fall_mw + 1e-6
    stops[:, :1] = np.where((limits.on_before > 0) & too_high, 0.0, 1.0)
    starts = np.broadcast_to(np.where(limits.start_mw < -1e-9, 0.0, 1.0), block.shape)
    stops[:, 1:] *= np.where(limits.stop_mw < -1e-9, 0.0, 1.0)
    on = block.publish("on", block.binary("on", lower, upper))
    above = block.variable("above_mw", 0.0, limits.room_mw)
    return Variables(
        on=on,
        start=block.binary("start", 0.0, starts),
        stop=block.binary("stop", 0.0, stops),
        above=above,
        was_on=on.before(limits.on_before.ravel()) + on.last_before_first(limits.cyclic),
        before_mw=above.before(limits.above_before_mw.ravel()) + above.last_before_first(limits.cyclic),
    )


def _online_awards(block: Block, limits: Limits) -> Awards:
    up = column(limits.units, lambda unit: unit.ramp_up_mw_per_h) / 60
    down = column(limits.units, lambda unit: unit.ramp_down_mw_per_h) / 60
    return award(block, limits.units, up_mw_per_min=up, down_mw_per_min=down)


def _commitment(block: Block, limits: Limits, x: Variables) -> None:
    """On, start and stop agree (T1); minimum times (T2, T3)."""
    block.require(STARTS_AND_STOPS, (x.on - x.was_on).equals(x.start - x.stop))
    up, down = (_says_all(limits, least, block.steps) for least in (limits.min_up, limits.min_down))
    block.require("minimum up time", x.start.over_last(limits.min_up) <= x.on, up)
    block.require("minimum down time", x.stop.over_last(limits.min_down) <= 1 - x.on, down)


def _says_all(limits: Limits, least: NDArray[np.int64], steps: int) -> NDArray[np.bool_]:
    """Where a row on a minimum time is needed: of windows cut by the horizon's beginning the last implies the others.

    By T1 such a row limits all stops (or starts) so far by the state before the horizon, and their number only grows.
    """
    full: NDArray[np.bool_] = np.arange(steps) >= least[:, None] - 1
    return full | limits.cyclic[:, None]


def _output_limits(block: Block, limits: Limits, x: Variables, up: Linear) -> None:
    """Output and up-reserve within what the unit may reach after a start and before a stop (T4, T5)."""
    room = limits.room_mw
    reach = x.above + up - x.on * room
    stop_next = x.stop.lagged(-1)
    lost_by_start, lost_by_stop = np.maximum(room - limits.start_mw, 0), np.maximum(room - limits.stop_mw, 0)
    quick = (limits.min_up == 1)[:, None]
    climb = _climb(limits, np.maximum(limits.min_up - 2, -1))
    slow = x.start.weighted_past(climb) + stop_next * lost_by_stop
    block.require("capacity over a start and a stop", reach + slow <= 0, ~quick & np.ones(block.shape, bool))
    longer = _climb(limits, limits.min_up - 1)
    says_more = (longer > 0).sum(1) > (climb > 0).sum(1)
    block.require(
        "capacity over a start", reach + x.start.weighted_past(longer) <= 0, (says_more[:, None] & ~quick) & (room > 0)
    )
    # With a minimum up time of one step a start and a stop may touch the same step, so each row carries one fully.
    spare = np.maximum(lost_by_stop - lost_by_start, 0), np.maximum(lost_by_start - lost_by_stop, 0)
    block.require("capacity at a start", reach + x.start * lost_by_start + stop_next * spare[0] <= 0, quick)
    block.require(
        "capacity at a stop",
        reach + stop_next * lost_by_stop + x.start * spare[1] <= 0,
        quick & (lost_by_stop > 0),
    )
    _falling_output(block, limits, x)


def _climb(limits: Limits, last: NDArray[np.int64]) -> Floats:
    """What a start so many steps ago still takes from the room, up to `last` steps ago (unit x steps ago)."""
    ago = np.arange(int(last.max(initial=-1)) + 1)
    rise = np.where(np.isfinite(limits.ramp_up_mw), limits.ramp_up_mw, limits.room_mw)
    lost = np.maximum(limits.room_mw - limits.start_mw - ago * rise, 0)
    kept: Floats = np.where(ago <= last[:, None], lost, 0.0)
    return kept


def _falling_output(block: Block, limits: Limits, x: Variables) -> None:
    """Output alone must be able to fall in time for a stop that comes in a few steps (T5)."""
    steps = block.steps
    fall = np.where(np.isfinite(limits.ramp_down_mw), limits.ramp_down_mw, limits.room_mw)
    ahead = np.arange(min(int(limits.min_up.max(initial=1)), steps))
    lost = np.maximum(limits.room_mw - limits.fall_mw - ahead * fall, 0)
    lost = np.where(ahead < limits.min_up[:, None], lost, 0.0)
    says_more = (lost[:, 1:] > 0).any(1) & (limits.min_up >= 2)
    if not says_more.any():
        return
    units = np.flatnonzero(says_more)
    coming = x.stop[units].lagged(-1).weighted_past(lost[units], ahead=True)
    depth = (lost[units] > 0).sum(1) - 1
    risen = _climb(_chosen(limits, units), np.maximum(limits.min_up[units] - 2 - depth, -1))
    row = x.above[units] - x.on[units] * limits.room_mw[units] + coming
    if risen.shape[1]:
        row = row + x.start[units].weighted_past(risen)
    block.require("output falls in time for a stop", row <= 0, resources=tuple(block.names[index] for index in units))


def _chosen(limits: Limits, rows: NDArray[np.int64]) -> Limits:
    """The limits of some units only."""
    arrays = {name: getattr(limits, name)[rows] for name in limits.__dataclass_fields__ if name != "units"}
    return Limits(units=[limits.units[row] for row in rows], **arrays)


def _ramps(block: Block, limits: Limits, x: Variables, up: Linear, down: Linear) -> None:
    """Output above the minimum moves within the ramp, reserve included; starts and stops have their own limit (T7)."""
    high_before = limits.above_before_mw > limits.room_mw
    first = np.arange(block.steps) == 0
    binds = (limits.ramp_up_mw < limits.room_mw - 1e-9) & np.ones(block.shape, bool)
    rise = np.where(np.isfinite(limits.ramp_up_mw), limits.ramp_up_mw, 0)
    at_start = rise - np.maximum(np.where(np.isfinite(limits.start_mw), limits.start_mw, 0), 0)
    block.require("ramp up", x.above + up - x.before_mw - x.on * rise + x.start * at_start <= 0, binds)
    # From above its maximum before the horizon, a unit must come down whatever its room.
    binds = (limits.ramp_down_mw < limits.room_mw - 1e-9) | (np.isfinite(limits.ramp_down_mw) & high_before & first)
    fall = np.where(np.isfinite(limits.ramp_down_mw), limits.ramp_down_mw, 0)
    at_stop = fall - np.maximum(np.where(np.isfinite(limits.fall_mw), limits.fall_mw, 0), 0)
    block.require("ramp down", x.before_mw - x.above + down - x.was_on * fall + x.stop * at_stop <= 0, binds)


def _per_day(block: Block, limits: Limits, x: Variables, power: Linear) -> None:
    """Starts and energy per local day (T11)."""
    case = block.model.case
    for name, linear, pick in (
        ("starts per day", x.start, lambda unit: unit.starts_per_day_max),
        ("energy per day", power * case.horizon.step_h, lambda unit: unit.energy_per_day_max_mwh),
    ):
        most = column(limits.units, pick)
        if np.isfinite(most).any():
            for day in day_matrix(case):
                block.require(name, linear[:, day].sum(1)[:, None] <= most, np.isfinite(most))


def _fuel_and_carbon(block: Block, limits: Limits, x: Variables, power: Linear) -> None:
    """Fuel burnt by fuel and day, tonnes emitted, and what they cost (T12)."""
    case, step_h = block.model.case, block.model.case.horizon.step_h
    tonnes = power * (column(limits.units, lambda unit: unit.emission_t_per_mwh) * step_h)
    block.model.emissions.append((block.kind, tonnes))
    if case.carbon_price_per_t:
        block.pay("carbon", tonnes * case.carbon_price_per_t)
    for fuel in case.fuels:
        burners = np.array([bool(unit.fuel_use and unit.fuel_use.fuel == fuel.name) for unit in limits.units])
        if fuel.day_max_gj is None or not burners.any():
            continue
        burnt = _burnt_gj(limits, x, power, np.flatnonzero(burners), step_h)
        most = np.broadcast_to(np.asarray(fuel.day_max_gj, dtype=float), (case.horizon.days,))
        for day, limit in zip(day_matrix(case), most, strict=True):
            block.require("fuel per day", burnt[:, day].sum()[None] <= limit, resources=(fuel.name,))


def _burnt_gj(limits: Limits, x: Variables, power: Linear, burners: NDArray[np.int64], step_h: float) -> Linear:
    uses = [limits.units[index].fuel_use for index in burners]
    by_mwh, by_h, by_start = (
        column(uses, lambda use, field=field: getattr(use, field))  # type: ignore[misc]
        for field in ("gj_per_mwh", "no_load_gj_per_h", "start_gj")
    )
    running = power[burners] * (by_mwh * step_h) + x.on[burners] * (by_h * step_h)
    return running + x.start[burners] * by_start
