"""What a meter at a pumped-hydro station would object to."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np

from grid_models.quantities import Floats, per_step
from grid_models.resources import PumpedHydro
from grid_models.resources.pumped_hydro import PumpedHydroUnit
from services.dispatch.referee.verdict import Finding, Violation
from services.dispatch.referee.yard import Awards, Bools, Yard


@dataclass(frozen=True)
class Running:
    """One unit in one of its two modes, through the horizon."""

    unit: PumpedHydroUnit
    mode: str
    power_mw: Floats
    active: Bools
    other: Bools
    """Where it runs in the opposite mode."""

    @property
    def verb(self) -> str:
        return "generating" if self.mode == "generate" else "pumping"

    @property
    def limits_mw(self) -> tuple[float, float]:
        unit = self.unit
        generates = self.mode == "generate"
        return (unit.generate_min_mw, unit.generate_max_mw) if generates else (unit.pump_min_mw, unit.pump_max_mw)

    @cached_property
    def starts(self) -> Bools:
        before: Bools = np.concatenate([[self.unit.initial_mode == self.mode], self.active[:-1]])
        return self.active & ~before


@dataclass(frozen=True)
class Station:
    """A station's schedule: both modes of every unit, both reservoirs, and what it holds ready."""

    plant: PumpedHydro
    yard: Yard
    columns: dict[str, Floats]

    @property
    def name(self) -> str:
        return self.plant.name

    @cached_property
    def turbines(self) -> tuple[Running, ...]:
        return self._running("generate", "unit_generate_mw", "unit_generating", "unit_pumping")

    @cached_property
    def pumps(self) -> tuple[Running, ...]:
        return self._running("pump", "unit_pump_mw", "unit_pumping", "unit_generating")

    def _running(self, mode: str, power: str, active: str, other: str) -> tuple[Running, ...]:
        rows = zip(self.plant.units, self.columns[power], self.columns[active], self.columns[other], strict=True)
        return tuple(Running(unit, mode, mw, here > 0.5, there > 0.5) for unit, mw, here, there in rows)

    @cached_property
    def awards(self) -> Awards:
        return self.yard.awards(self.name)

    @property
    def up_water_mw(self) -> Floats:
        """Water lifted to the upper reservoir, less water through the turbines, as power at the reservoir."""
        lifted = self.plant.pump_efficiency * self.columns["pump_mw"]
        water_mw: Floats = lifted - self.columns["generate_mw"] / self.plant.generate_efficiency
        return water_mw


def inspect(plant: PumpedHydro, yard: Yard) -> Finding:
    """Judge every unit, both reservoirs and the reserve; add up starts, production and the worth of what is left."""
    station = Station(plant, yard, yard.readings.resources[plant.name])
    generate_mw, pump_mw = station.columns["generate_mw"], station.columns["pump_mw"]
    units = chain.from_iterable(_unit(running, station) for running in (*station.turbines, *station.pumps))
    rules = (_sums, _modes, _starts_per_day, _upper, _end, _lower, _reserve)
    violations = (*units, *chain.from_iterable(rule(station) for rule in rules))
    starts = sum(int(running.starts.sum()) for running in (*station.turbines, *station.pumps))
    cost = {
        "start": plant.start_cost * starts,
        "production": plant.cost_per_mwh * float(generate_mw.sum()) * yard.step_h,
        "end_value": -(plant.end.value_per_mwh or 0.0) * float(station.columns["upper_mwh"][-1]),
    }
    return Finding(generate_mw - pump_mw, cost, violations)


def _unit(running: Running, station: Station) -> Iterator[Violation]:
    """A unit in one mode: within its range, nothing when not in it, for long enough, and apart from the other mode."""
    yard, (low_mw, high_mw) = station.yard, running.limits_mw
    rule, what = f"{running.mode} range", f"power of {running.unit.name} {running.verb}"
    idle_mw = np.where(running.active, 0.0, running.power_mw)
    active_mw = np.where(running.active, running.power_mw, low_mw)
    yield from yard.equal(rule, station.name, f"{what} while it is not", idle_mw, 0.0)
    yield from yard.at_least(rule, station.name, what, active_mw, low_mw)
    yield from yard.at_most(rule, station.name, what, active_mw, high_mw)
    yield from _minimum_time(running, station)
    yield from _changeover(running, station)


def _minimum_time(running: Running, station: Station) -> Iterator[Violation]:
    """Once in a mode it stays for the minimum; hours before the horizon count, the end of the horizon cuts."""
    horizon, plant = station.yard.horizon, station.plant
    least_h = plant.min_generate_h if running.mode == "generate" else plant.min_pump_h
    held = [(int(step), horizon.steps_in(least_h)) for step in np.flatnonzero(running.starts)]
    if running.unit.initial_mode == running.mode:
        held.append((0, horizon.steps_in(least_h - running.unit.initial_hours)))
    for since, steps in held:
        broken = np.flatnonzero(~running.active[since : since + max(0, steps)])
        if broken.size:
            step = since + int(broken[0])
            words = f"{running.unit.name} stops {running.verb} before its minimum of {least_h:g} h"
            lack_h = (steps - int(broken[0])) * horizon.step_h
            yield from station.yard.object(f"minimum {running.verb} time", station.name, step, words, lack_h)


def _changeover(running: Running, station: Station) -> Iterator[Violation]:
    """Between the end of one mode and the start of the other lies the time off."""
    needed = station.yard.horizon.steps_in(station.plant.changeover_h)
    before = "generate" if running.mode == "pump" else "pump"
    for start in np.flatnonzero(running.starts):
        step = int(start)
        earlier = np.flatnonzero(running.other[:step])
        came_so = running.unit.initial_mode == before and not running.active[:step].any()
        if not earlier.size and not came_so:
            continue
        off = step - 1 - int(earlier[-1] if earlier.size else -1)
        if off < needed:
            words = f"{running.unit.name} starts {running.verb} {off} steps after the other mode, {needed} are needed"
            lack_h = (needed - off) * station.yard.step_h
            yield from station.yard.object("changeover", station.name, step, words, lack_h)


def _sums(station: Station) -> Iterator[Violation]:
    for what, table in (("generate_mw", "unit_generate_mw"), ("pump_mw", "unit_pump_mw")):
        total_mw = station.columns[table].sum(axis=0)
        yield from station.yard.equal("sum of units", station.name, what, station.columns[what], total_mw)


def _modes(station: Station) -> Iterator[Violation]:
    """A unit is in one mode; a station that may not short-circuit too."""
    generating, pumping = station.columns["unit_generating"] > 0.5, station.columns["unit_pumping"] > 0.5
    for step in np.flatnonzero((generating & pumping).any(axis=0))[:1]:
        yield from station.yard.object("one mode", station.name, int(step), "a unit pumps and generates at once")
    both = generating.any(axis=0) & pumping.any(axis=0) & ~(generating & pumping).any(axis=0)
    for step in np.flatnonzero(both)[:1] if not station.plant.may_short_circuit else ():
        words = "one unit pumps while another generates"
        yield from station.yard.object("short circuit", station.name, int(step), words)


def _starts_per_day(station: Station) -> Iterator[Violation]:
    yard, most = station.yard, station.plant.starts_per_day_max
    if most is None:
        return
    for turbine, pump in zip(station.turbines, station.pumps, strict=True):
        starts = yard.by_day(turbine.starts) + yard.by_day(pump.starts)
        what = f"the count of the day's starts of {turbine.unit.name}"
        yield from yard.at_most("starts per day", station.name, what, starts, most, "starts", yard.first_of_day)


def _upper(station: Station) -> Iterator[Violation]:
    """The upper reservoir follows from pumps, turbines, inflow and spill, and stays within its limits."""
    plant, yard, level_mwh = station.plant, station.yard, station.columns["upper_mwh"]
    spill_mw, inflow_mw = station.columns["spill_mw"], per_step(plant.inflow_mw, yard.steps)
    change_mwh = (inflow_mw + station.up_water_mw - spill_mw) * yard.step_h
    due_mwh = yard.before(level_mwh, plant.upper_start_mwh) + change_mwh
    yield from yard.at_least("spill", plant.name, "water let go", spill_mw, 0.0)
    yield from yard.equal("upper level", plant.name, "water in the upper reservoir", level_mwh, due_mwh, "MWh")
    what = "water in the upper reservoir"
    yield from yard.at_least("upper limit", plant.name, what, level_mwh, plant.upper_min_mwh, "MWh")
    yield from yard.at_most("upper limit", plant.name, what, level_mwh, plant.upper_max_mwh, "MWh")


def _end(station: Station) -> Iterator[Violation]:
    plant, yard, end = station.plant, station.yard, station.plant.end
    left_mwh, last, what = station.columns["upper_mwh"][-1:], np.array([station.yard.steps - 1]), "water at the end"
    floor_mwh, roof_mwh = end.floor_mwh(plant.upper_start_mwh), np.inf if end.max_mwh is None else end.max_mwh
    yield from yard.at_least("end level", plant.name, what, left_mwh, floor_mwh, "MWh", last)
    yield from yard.at_most("end level", plant.name, what, left_mwh, roof_mwh, "MWh", last)


def _lower(station: Station) -> Iterator[Violation]:
    """The lower reservoir holds what the upper one lost to the turbines; spilled water does not reach it."""
    plant, yard = station.plant, station.yard
    if plant.lower_max_mwh is None:
        return
    level_mwh = station.columns["lower_mwh"]
    due_mwh = yard.before(level_mwh, plant.lower_start_mwh) - station.up_water_mw * yard.step_h
    what = "water in the lower reservoir"
    yield from yard.equal("lower level", plant.name, what, level_mwh, due_mwh, "MWh")
    yield from yard.at_least("lower limit", plant.name, what, level_mwh, plant.lower_min_mwh, "MWh")
    yield from yard.at_most("lower limit", plant.name, what, level_mwh, plant.lower_max_mwh, "MWh")


def _reserve(station: Station) -> Iterator[Violation]:
    """Up by turbines and by pumps let off, down by turbines and by variable-speed pumps."""
    yard, awards, turbines = station.yard, station.awards, station.turbines
    if not awards.each:
        return
    pumps_mw = _by_pumps_mw(station)
    what = "up-reserve that neither turbines nor whole pumps give"
    yield from yard.at_most(
        "up reserve", station.name, what, awards.up_mw - pumps_mw, _room_mw(turbines, yard, up=True)
    )
    foot_mw = _room_mw(turbines, yard, up=False) + _room_mw(station.pumps, yard, up=True)
    yield from yard.at_most("down reserve", station.name, "down-reserve", awards.down_mw, foot_mw)
    yield from _backing(station, _by_turbines_mwh(awards, pumps_mw) / station.plant.generate_efficiency)


def _room_mw(units: tuple[Running, ...], yard: Yard, up: bool) -> Floats:
    """How much more (or less) power the running units could take in their mode."""
    room_mw = np.zeros(yard.steps)
    for unit in units:
        low_mw, high_mw = unit.limits_mw
        room_mw += unit.active * (high_mw - unit.power_mw if up else unit.power_mw - low_mw)
    return np.maximum(room_mw, 0.0)


def _by_turbines_mwh(awards: Awards, pumps_mw: Floats) -> Floats:
    """The energy that the turbines must back, the pumps serving the longest products first."""
    energy_mwh, left_mw = np.zeros_like(pumps_mw), pumps_mw
    for award in sorted(awards.each, key=lambda award: -award.product.duration_h):
        if award.product.up:
            dry_mw = np.minimum(award.mw, left_mw)
            energy_mwh, left_mw = energy_mwh + (award.mw - dry_mw) * award.product.duration_h, left_mw - dry_mw
    return energy_mwh


def _by_pumps_mw(station: Station) -> Floats:
    """The most of the up-reserve that the pumps can give: let down within their range, or tripped whole."""
    up_mw, given_mw = station.awards.up_mw, np.zeros(station.yard.steps)
    for step in np.flatnonzero((up_mw > 0) & (station.columns["unit_pumping"] > 0.5).any(axis=0)):
        reach = [(0.0, 0.0)]
        for pump in station.pumps:
            if pump.active[step]:
                power_mw = float(pump.power_mw[step])
                room_mw = max(0.0, power_mw - pump.limits_mw[0])
                reach = _united(
                    [(low, high + room_mw) for low, high in reach]
                    + [(low + power_mw, high + power_mw) for low, high in reach]
                )
        award_mw = float(up_mw[step])
        given_mw[step] = max(min(high, award_mw) for low, high in reach if low <= award_mw + station.yard.tolerance_mw)
    return given_mw


def _united(reach: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The same amounts in as few stretches as possible."""
    united: list[tuple[float, float]] = []
    for low, high in sorted(reach):
        if united and low <= united[-1][1] + 1e-9:
            united[-1] = (united[-1][0], max(united[-1][1], high))
        else:
            united.append((low, high))
    return united


def _backing(station: Station, drawn_mwh: Floats) -> Iterator[Violation]:
    """Water, and room for water, that lasts from either end of the step; a tripped pump needs none."""
    plant, yard, columns = station.plant, station.yard, station.columns
    raised_mwh = station.awards.down_mwh * plant.pump_efficiency
    before_mwh = yard.before(columns["upper_mwh"], plant.upper_start_mwh)
    for level_mwh in (before_mwh, columns["upper_mwh"]):
        above_mwh, free_mwh = level_mwh - plant.upper_min_mwh, plant.upper_max_mwh - level_mwh
        yield from _lasts(station, drawn_mwh, above_mwh, raised_mwh, free_mwh)
    if plant.lower_max_mwh is not None:
        before_mwh = yard.before(columns["lower_mwh"], plant.lower_start_mwh)
        for level_mwh in (before_mwh, columns["lower_mwh"]):
            above_mwh, free_mwh = level_mwh - plant.lower_min_mwh, plant.lower_max_mwh - level_mwh
            yield from _lasts(station, drawn_mwh, free_mwh, raised_mwh, above_mwh)


def _lasts(
    station: Station, drawn_mwh: Floats, up_room_mwh: Floats, raised_mwh: Floats, down_room_mwh: Floats
) -> Iterator[Violation]:
    """What the reserve would move fits into what one reservoir has, or has room for."""
    for way, moved_mwh, room_mwh in (("up", drawn_mwh, up_room_mwh), ("down", raised_mwh, down_room_mwh)):
        yield from station.yard.at_most(
            f"{way} reserve energy", station.name, f"water moved by the {way}-reserve", moved_mwh,
            np.maximum(room_mwh, 0.0), "MWh",
        )  # fmt: skip
