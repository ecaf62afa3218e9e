"""Pumped-hydro stations: each unit off, generating or pumping, between two reservoirs.

Arrays have a row per unit (all stations' units below one another) or a row per station.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from grid_models.resources import PumpedHydro
from grid_models.resources.pumped_hydro import PumpedHydroUnit
from services.dispatch.algebra import Linear, zero
from services.dispatch.fleet import column, day_matrix, series, steps_in
from services.dispatch.model import Block
from services.dispatch.reserves import Awards, award


@dataclass(frozen=True)
class Yard:
    """The stations and their units, one below the other."""

    stations: Sequence[PumpedHydro]
    units: list[PumpedHydroUnit]
    station: NDArray[np.int64]
    """Of each unit, its station's row."""
    names: list[str]
    """Of each unit, its station's name."""

    def of(self, pick: Callable[[PumpedHydroUnit], float]) -> Floats:
        return column(self.units, pick)

    def by_station(self, pick: Callable[[PumpedHydro], float | None], missing: float = np.inf) -> Floats:
        """One number per unit: its station's."""
        spread: Floats = column(self.stations, pick, missing)[self.station]
        return spread

    def sums(self, linear: Linear) -> Linear:
        """Per station, the sum over its units."""
        steps = linear.shape[1]
        labels = (self.station[:, None] * steps + np.arange(steps)).ravel()
        return linear.grouped(labels, (len(self.stations), steps))


@dataclass(frozen=True)
class Mode:
    """One direction of the units: on, its starts and its power."""

    on: Linear
    start: Linear
    power: Linear
    low_mw: Floats
    high_mw: Floats


def formulate(block: Block, stations: Sequence[PumpedHydro]) -> None:
    """Add pumped-hydro stations to the model."""
    yard = _yard(stations)
    generate, pump = _mode(block, yard, "generate"), _mode(block, yard, "pump")
    _exclusive(block, yard, generate, pump)
    _changeover(block, yard, generate, pump)
    _minimum_times(block, yard, generate, pump)
    _starts(block, yard, generate, pump)
    generated = block.publish("generate_mw", yard.sums(generate.power))
    pumped = block.publish("pump_mw", yard.sums(pump.power))
    block.model.injections.append((block.names, generated - pumped))
    upper, lower = _reservoirs(block, stations, generated, pumped)
    _reserve(block, yard, generate, pump, upper, lower)
    step_h = block.model.case.horizon.step_h
    block.pay("production", generated * (column(stations, lambda station: station.cost_per_mwh) * step_h))


def _yard(stations: Sequence[PumpedHydro]) -> Yard:
    units = [unit for station in stations for unit in station.units]
    index = np.repeat(np.arange(len(stations)), [len(station.units) for station in stations])
    return Yard(stations, units, index, [stations[int(row)].name for row in index])


def _mode(block: Block, yard: Yard, mode: str) -> Mode:
    """Power within the range of the mode while in it (H1); a start is a step into it (H2)."""
    low, high = (yard.of(lambda unit, field=f"{mode}_{end}_mw": getattr(unit, field)) for end in ("min", "max"))  # type: ignore[misc]
    shape = (len(yard.units), block.steps)
    able = np.broadcast_to(high > 0, shape).astype(float)
    on = block.binary(f"unit_{mode}_on", 0.0, able, shape=shape, resources=yard.names)
    # Not integer: its price or its limits push it down to the step into the mode, which is whole.
    start = block.variable(f"unit_{mode}_start", 0.0, 1.0, shape=shape, resources=yard.names)
    power = block.variable(f"unit_{mode}_mw", 0.0, high, shape=shape, resources=yard.names)
    was_on = on.before([unit.initial_mode == mode for unit in yard.units])
    block.require(f"{mode} starts", start >= on - was_on, resources=yard.names)
    block.require(f"{mode} at least", power >= on * low, resources=yard.names)
    block.require(f"{mode} at most", power <= on * high, resources=yard.names)
    block.publish(f"unit_{mode}_mw", power, yard.names)
    block.publish({"generate": "unit_generating", "pump": "unit_pumping"}[mode], on, yard.names)
    return Mode(on, start, power, low, high)


def _exclusive(block: Block, yard: Yard, generate: Mode, pump: Mode) -> None:
    """A unit is in one mode; so is a station, unless it may short-circuit (H3)."""
    block.require("one mode", generate.on + pump.on <= 1, resources=yard.names)
    single = np.flatnonzero([not station.may_short_circuit for station in yard.stations])
    if not single.size:
        return
    names = [block.names[row] for row in single]
    pumping = block.binary("station_pumping", shape=(single.size, block.steps), resources=names)
    units = np.flatnonzero(np.isin(yard.station, single))
    of_unit = pumping[np.searchsorted(single, yard.station[units])]
    unit_names = [yard.names[unit] for unit in units]
    block.require("station pumps", pump.on[units] <= of_unit, resources=unit_names)
    block.require("station generates", generate.on[units] <= 1 - of_unit, resources=unit_names)


def _changeover(block: Block, yard: Yard, generate: Mode, pump: Mode) -> None:
    """Between pumping and generating a unit stands still for a stated time (H4)."""
    case = block.model.case
    rest = steps_in(case, yard.by_station(lambda station: station.changeover_h))
    for lag in range(1, int(rest.max(initial=0)) + 1):
        apart = (rest >= lag)[:, None]
        for now, then in ((generate, pump), (pump, generate)):
            block.require("changeover", now.on + then.on.lagged(lag) <= 1, apart, resources=yard.names)
    step = np.arange(block.steps)
    for mode, other in ((generate, "pump"), (pump, "generate")):
        held = np.array([[unit.initial_mode == other] for unit in yard.units]) & (step < rest[:, None])
        block.require("changeover from before", mode.on <= 0, held, resources=yard.names)


def _minimum_times(block: Block, yard: Yard, generate: Mode, pump: Mode) -> None:
    """Once in a mode, a unit stays for its least time (H5)."""
    case, step = block.model.case, np.arange(block.steps)
    for name, mode, pick in (
        ("generate", generate, lambda station: station.min_generate_h),
        ("pump", pump, lambda station: station.min_pump_h),
    ):
        hours = yard.by_station(pick)
        least = np.maximum(steps_in(case, hours), 1)
        block.require(
            f"least time to {name}", mode.start.over_last(least) <= mode.on, (least > 1)[:, None], resources=yard.names
        )
        begun = np.array([[unit.initial_mode == name] for unit in yard.units])
        left = np.ceil((hours - yard.of(lambda unit: unit.initial_hours)) / case.horizon.step_h - 1e-9)
        block.require(f"go on to {name}", mode.on >= 1, begun & (step < left), resources=yard.names)


def _starts(block: Block, yard: Yard, generate: Mode, pump: Mode) -> None:
    """Starts cost, and are limited by unit and local day (H6)."""
    starts = generate.start + pump.start
    cost = yard.by_station(lambda station: station.start_cost)
    block.pay("start", yard.sums(starts * cost))
    most = yard.by_station(lambda station: station.starts_per_day_max)
    if np.isfinite(most).any():
        for day in day_matrix(block.model.case):
            block.require(
                "starts per day", starts[:, day].sum(1)[:, None] <= most, np.isfinite(most), resources=yard.names
            )


def _reservoirs(
    block: Block, stations: Sequence[PumpedHydro], generated: Linear, pumped: Linear
) -> tuple[Linear, Linear]:
    """Water up and down, in MWh at the upper reservoir (H7), and where it must end (H8)."""
    step_h = block.model.case.horizon.step_h
    low = np.repeat(column(stations, lambda station: station.upper_min_mwh), block.steps, axis=1)
    high = np.repeat(column(stations, lambda station: station.upper_max_mwh), block.steps, axis=1)
    floor = column(stations, lambda station: station.end.floor_mwh(station.upper_start_mwh)).ravel()
    low[:, -1] = np.maximum(low[:, -1], floor)
    high[:, -1] = np.minimum(high[:, -1], column(stations, lambda station: station.end.max_mwh).ravel())
    upper = block.publish("upper_mwh", block.variable("upper_mwh", low, high))
    inflow = series(stations, lambda station: station.inflow_mw, block.steps)
    spill = block.publish("spill_mw", block.variable("spill_mw", 0.0, np.where(inflow.any(1), np.inf, 0.0)[:, None]))
    lifted = pumped * column(stations, lambda station: station.pump_efficiency)
    drawn = generated / column(stations, lambda station: station.generate_efficiency)
    before = upper.before(column(stations, lambda station: station.upper_start_mwh).ravel())
    block.require("upper reservoir", upper.equals(before + (lifted - drawn - spill + inflow) * step_h))
    value = column(stations, lambda station: station.end.value_per_mwh, missing=0.0)
    block.pay("end_value", upper[:, -1:] * -value)
    return upper, _lower_reservoir(block, stations, (drawn - lifted) * step_h)


def _lower_reservoir(block: Block, stations: Sequence[PumpedHydro], gained: Linear) -> Linear:
    bounded = column(stations, lambda station: station.lower_max_mwh)
    most = np.where(np.isfinite(bounded), bounded, np.inf)
    least = np.where(np.isfinite(bounded), column(stations, lambda station: station.lower_min_mwh), -np.inf)
    lower = block.publish("lower_mwh", block.variable("lower_mwh", least, most))
    before = lower.before(column(stations, lambda station: station.lower_start_mwh).ravel())
    block.require("lower reservoir", lower.equals(before + gained))
    return lower


def _reserve(block: Block, yard: Yard, generate: Mode, pump: Mode, upper: Linear, lower: Linear) -> None:
    """Awards from every mode: turbines move, fixed-speed pumps trip as whole units (H9, H10)."""
    stations = yard.stations
    awards = award(block, stations)
    if awards.any(up=True):
        moving = yard.sums(generate.on * generate.high_mw - generate.power)
        easing = yard.sums(pump.power - pump.on * pump.low_mw)
        tripped = _tripped(block, yard, pump)
        free = block.variable("up_by_turbines_mw")
        eased = block.variable("up_by_pumps_mw")
        block.require("up-reserve is turbines, pumps and trips", awards.of(up=True).equals(free + eased + tripped))
        block.require("turbine headroom", free <= moving)
        block.require("pump headroom", eased <= easing)
        _water_behind_up(block, stations, awards, tripped + eased, upper, lower)
    if awards.any(up=False):
        turning_down = yard.sums(generate.power - generate.on * generate.low_mw)
        pumping_more = yard.sums(pump.on * pump.high_mw - pump.power)
        block.require("down-reserve within the units", awards.of(up=False) <= turning_down + pumping_more)
        _water_behind_down(block, stations, awards, upper, lower)


def _tripped(block: Block, yard: Yard, pump: Mode) -> Linear:
    """Pumping power that whole fixed-speed units give back when tripped, per station."""
    fixed = np.flatnonzero((pump.low_mw == pump.high_mw).ravel() & (pump.high_mw > 0).ravel())
    if not fixed.size:
        return zero(block.shape)
    names = [yard.names[unit] for unit in fixed]
    trip = block.binary("unit_trip", shape=(fixed.size, block.steps), resources=names)
    block.require("trip what pumps", trip <= pump.on[fixed], resources=names)
    return yard.sums((trip * pump.high_mw[fixed]).scattered(fixed, len(yard.units)))


def _water_behind_up(
    block: Block, stations: Sequence[PumpedHydro], awards: Awards, dry: Linear, upper: Linear, lower: Linear
) -> None:
    """Turbines need water above and room below for the awards' duration; pumps that ease or trip need none."""
    dry_mwh, dry_mw = zero(block.shape), zero(block.shape)
    for product in block.model.case.reserves:
        if product.up and product.name in awards.by_product:
            part = block.variable(f"dry_{product.name}_mw")
            block.require("dry part of an award", part <= awards.by_product[product.name])
            dry_mw, dry_mwh = dry_mw + part, dry_mwh + part * product.duration_h
    block.require("dry parts are pumps easing and tripping", dry_mw <= dry)
    efficiency = column(stations, lambda station: station.generate_efficiency)
    water = (awards.energy_mwh(up=True) - dry_mwh) / efficiency
    least, most = column(stations, lambda station: station.upper_min_mwh), _lower_roof(stations)
    for level, room, when in _both_ends(stations, upper, lower):
        block.require(f"water above at the {when}", level - water >= least)
        block.require(f"room below at the {when}", room + water <= most, np.isfinite(most))


def _water_behind_down(
    block: Block, stations: Sequence[PumpedHydro], awards: Awards, upper: Linear, lower: Linear
) -> None:
    lifted = awards.energy_mwh(up=False) * column(stations, lambda station: station.pump_efficiency)
    most = column(stations, lambda station: station.upper_max_mwh)
    bounded = np.array([[station.lower_max_mwh is not None] for station in stations])
    least = column(stations, lambda station: station.lower_min_mwh)
    for level, below, when in _both_ends(stations, upper, lower):
        block.require(f"room above at the {when}", level + lifted <= most)
        block.require(f"water below at the {when}", below - lifted >= least, bounded)


def _lower_roof(stations: Sequence[PumpedHydro]) -> Floats:
    return column(stations, lambda station: station.lower_max_mwh)


def _both_ends(
    stations: Sequence[PumpedHydro], upper: Linear, lower: Linear
) -> tuple[tuple[Linear, Linear, str], tuple[Linear, Linear, str]]:
    starts = (
        column(stations, lambda station: station.upper_start_mwh).ravel(),
        column(stations, lambda station: station.lower_start_mwh).ravel(),
    )
    return (upper, lower, "end"), (upper.before(starts[0]), lower.before(starts[1]), "start")
