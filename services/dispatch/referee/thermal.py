"""What a meter at a thermal unit would object to."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np

from grid_models.quantities import Floats
from grid_models.resources import ThermalUnit
from grid_models.resources.thermal import QuadraticCost, ThermalState
from services.dispatch.referee.verdict import Finding, Violation
from services.dispatch.referee.yard import Awards, Bools, Yard

LONG_H = 1e6
"""Hours that no minimum time or start-cost delay reaches."""


@dataclass(frozen=True)
class Run:
    """How one unit runs through the horizon, with what came before it."""

    unit: ThermalUnit
    yard: Yard
    initial: ThermalState
    on: Bools
    power_mw: Floats
    awards: Awards

    @property
    def name(self) -> str:
        return self.unit.name

    @cached_property
    def was_on(self) -> Bools:
        return np.concatenate([[self.initial.on], self.on[:-1]])

    @cached_property
    def starts(self) -> Bools:
        return self.on & ~self.was_on

    @cached_property
    def stops(self) -> Bools:
        return self.was_on & ~self.on

    @cached_property
    def up_mw(self) -> Floats:
        """Up-reserve while on; what an idle unit holds ready is judged apart."""
        return self.awards.up_mw * self.on

    @cached_property
    def down_mw(self) -> Floats:
        return self.awards.down_mw * self.on

    @cached_property
    def off_h(self) -> Floats:
        """Per step, how long the unit has been off when it begins; 0 where it was on just before."""
        here = np.arange(len(self.on))
        last_on = np.maximum.accumulate(np.where(self.was_on, here, -1))
        earlier = 0.0 if self.initial.on else self.initial.hours
        hours = np.where(last_on >= 0, here - last_on, here) * self.yard.step_h
        return np.where(last_on >= 0, hours, hours + earlier)


def inspect(unit: ThermalUnit, yard: Yard) -> Finding:
    """Judge the unit's commitment, output, moves, reserve and limits per day; add up its bill."""
    read = yard.readings.resources[unit.name]
    on, power_mw = read["on"] > 0.5, read["power_mw"]
    given = unit.initial or yard.assumptions.initial.get(unit.name)
    initial = given or ThermalState(on=bool(on[0]), hours=LONG_H, power_mw=max(0.0, power_mw[0]) if on[0] else 0.0)
    run = Run(unit, yard, initial, on, power_mw, yard.awards(unit.name))
    rules = [_output, _moves, _commitment, _minimum_times, _forbidden_zones, _deep_ramps, _days]
    rules += [_response, _from_cold] if run.awards.each else []
    violations = chain(_initial(run, given), *(rule(run) for rule in rules))
    return Finding(power_mw, _cost(run), tuple(violations), _fuel_gj(run), read["on"])


def _initial(run: Run, given: ThermalState | None) -> Iterator[Violation]:
    """Where the case leaves the initial state open, the plan must say what it assumed, and it must be possible."""
    unit, tolerance_mw = run.unit, run.yard.tolerance_mw
    if unit.initial is not None:
        return
    if given is None:
        yield from run.yard.object("initial state", unit.name, 0, "neither the case nor the plan gives how it arrives")
    elif given.on and not unit.min_mw - tolerance_mw <= given.power_mw <= unit.max_mw + tolerance_mw:
        words = f"assumed at {given.power_mw:g} MW before, its limits are {unit.min_mw:g}-{unit.max_mw:g} MW"
        yield from run.yard.object("initial state", unit.name, 0, words)
    elif not given.on and given.power_mw > tolerance_mw:
        yield from run.yard.object("initial state", unit.name, 0, f"assumed off, yet at {given.power_mw:g} MW")


def _output(run: Run) -> Iterator[Violation]:
    """Between the limits when on, reserve included; nothing when off."""
    unit, yard, on = run.unit, run.yard, run.on
    low_mw = np.where(on, run.power_mw, unit.min_mw)
    yield from yard.equal("output while off", run.name, "output while off", np.where(on, 0.0, run.power_mw), 0.0)
    yield from yard.at_least("minimum output", run.name, "output", low_mw, unit.min_mw)
    yield from yard.at_least(
        "down reserve", run.name, "output less down-reserve",
        np.where(run.down_mw > 0, run.power_mw - run.down_mw, unit.min_mw), unit.min_mw,
    )  # fmt: skip
    top_mw = np.where(on, run.power_mw + run.up_mw, 0.0)
    yield from yard.at_most("maximum output", run.name, "output with up-reserve", top_mw, unit.max_mw)
    if unit.start_max_mw is not None:
        yield from yard.at_most(
            "start limit", run.name, "output with up-reserve in the first step on", top_mw * run.starts,
            unit.start_max_mw,
        )  # fmt: skip
    if unit.stop_max_mw is not None:
        last_mw = np.concatenate([[run.initial.power_mw], top_mw[:-1]]) * run.stops
        yield from yard.at_most("stop limit", run.name, "output just before the stop", last_mw, unit.stop_max_mw)


def _moves(run: Run) -> Iterator[Violation]:
    """Ramps bind output above the minimum; an idle unit stands at the minimum."""
    unit, yard = run.unit, run.yard
    above_mw = np.where(run.on, run.power_mw - unit.min_mw, 0.0)
    before_mw = yard.before(above_mw, max(0.0, run.initial.power_mw - unit.min_mw) if run.initial.on else 0.0)
    if unit.ramp_up_mw_per_h is not None:
        rise_mw = above_mw + run.up_mw - before_mw
        yield from yard.at_most(
            "ramp up", run.name, "the rise with up-reserve", rise_mw, unit.ramp_up_mw_per_h * yard.step_h
        )
    if unit.ramp_down_mw_per_h is not None:
        fall_mw = before_mw - above_mw + run.down_mw
        yield from yard.at_most(
            "ramp down", run.name, "the fall with down-reserve", fall_mw, unit.ramp_down_mw_per_h * yard.step_h
        )


def _commitment(run: Run) -> Iterator[Violation]:
    must, may = run.unit.may_be_on(run.yard.horizon)
    for step in np.flatnonzero(must & may & ~run.on)[:1]:
        yield from run.yard.object("must run", run.name, int(step), "is off but must be on")
    for step in np.flatnonzero(run.on & ~may)[:1]:
        yield from run.yard.object("may not run", run.name, int(step), "is on but on outage or forbidden")


def _minimum_times(run: Run) -> Iterator[Violation]:
    """Once on or off it stays so for its minimum; hours before the horizon count, the end of the horizon cuts."""
    horizon, unit, state = run.yard.horizon, run.unit, run.initial
    earlier_h = (unit.min_up_h if state.on else unit.min_down_h) - state.hours
    held = [(0, state.on, horizon.steps_in(earlier_h))]
    held += [(int(step), True, horizon.steps_in(unit.min_up_h)) for step in np.flatnonzero(run.starts)]
    held += [(int(step), False, horizon.steps_in(unit.min_down_h)) for step in np.flatnonzero(run.stops)]
    for since, on, steps in held:
        broken = np.flatnonzero(run.on[since : since + max(0, steps)] != on)
        if broken.size:
            rule, least_h = ("up", unit.min_up_h) if on else ("down", unit.min_down_h)
            words = f"{'stops' if on else 'starts'} before its minimum {rule} time of {least_h:g} h has passed"
            lack_h = (steps - int(broken[0])) * horizon.step_h
            yield from run.yard.object(f"minimum {rule} time", run.name, since + int(broken[0]), words, lack_h)


def _forbidden_zones(run: Run) -> Iterator[Violation]:
    """Output, with and without its reserve, stays in one allowed band."""
    slack_mw = run.yard.tolerance_mw
    high_mw, low_mw = run.power_mw + run.up_mw, run.power_mw - run.down_mw
    for gap in run.unit.forbidden_zones:
        inside = (run.power_mw > gap.from_mw + slack_mw) & (run.power_mw < gap.to_mw - slack_mw)
        climbs = (run.power_mw <= gap.from_mw + slack_mw) & (high_mw > gap.from_mw + 2 * slack_mw)
        drops = (run.power_mw >= gap.to_mw - slack_mw) & (low_mw < gap.to_mw - 2 * slack_mw)
        for rule, found in (("forbidden zone", inside), ("reserve across a forbidden zone", climbs | drops)):
            for step in np.flatnonzero(run.on & found)[:1]:
                words = f"runs at {run.power_mw[step]:.6g} MW (+{run.up_mw[step]:g}, -{run.down_mw[step]:g} MW reserve)"
                limit = f"{gap.from_mw:g}-{gap.to_mw:g} MW is forbidden"
                yield from run.yard.object(rule, run.name, int(step), f"{words}, but {limit}")


def _deep_ramps(run: Run) -> Iterator[Violation]:
    """Between two steps on of which either is below a tier, output moves no faster than the tier allows."""
    before_mw = run.yard.before(run.power_mw, run.initial.power_mw)
    lower_mw = np.minimum(run.power_mw, before_mw)
    for tier in run.unit.deep_peaking:
        if tier.ramp_mw_per_h is None:
            continue
        deep = run.on & run.was_on & (lower_mw < tier.below_mw - run.yard.tolerance_mw)
        reach_mw = np.where(deep, tier.ramp_mw_per_h * run.yard.step_h, np.inf)
        for move_mw in (run.power_mw + run.up_mw - before_mw, before_mw - run.power_mw + run.down_mw):
            yield from run.yard.at_most(
                "deep-peaking ramp", run.name, f"the move below {tier.below_mw:g} MW", move_mw, reach_mw
            )


def _days(run: Run) -> Iterator[Violation]:
    unit, yard = run.unit, run.yard
    if unit.starts_per_day_max is not None:
        yield from yard.at_most(
            "starts per day", run.name, "the count of the day's starts", yard.by_day(run.starts),
            unit.starts_per_day_max, "starts", yard.first_of_day,
        )  # fmt: skip
    if unit.energy_per_day_max_mwh is not None:
        energy_mwh = yard.by_day(run.power_mw * yard.step_h)
        yield from yard.at_most(
            "energy per day", run.name, "the day's energy", energy_mwh, unit.energy_per_day_max_mwh, "MWh",
            yard.first_of_day,
        )  # fmt: skip


def _response(run: Run) -> Iterator[Violation]:
    """While on, an award is at most the ramp per minute times the response minutes of its product."""
    for award in run.awards.each:
        ramp = run.unit.ramp_up_mw_per_h if award.product.up else run.unit.ramp_down_mw_per_h
        if ramp is not None and award.product.response_min is not None:
            yield from run.yard.at_most(
                "response time", run.name, f"the award of {award.product.name}", award.mw * run.on,
                ramp / 60 * award.product.response_min,
            )  # fmt: skip


def _from_cold(run: Run) -> Iterator[Violation]:
    """From off only non-spinning reserve, by a unit that starts in time, may start, and has rested."""
    unit, yard = run.unit, run.yard
    cold_mw = np.zeros(yard.steps)
    for award in run.awards.each:
        idle_mw = np.where(run.on, 0.0, award.mw)
        in_time = unit.start_time_min is not None and unit.start_time_min <= (award.product.response_min or np.inf)
        if award.product.product == "non_spinning" and in_time:
            cold_mw += idle_mw
        else:
            what = f"the award of {award.product.name} while off"
            yield from yard.at_most("reserve while off", run.name, what, idle_mw, 0.0)
    yield from yard.at_most(
        "start for reserve", run.name, "non-spinning reserve of a unit that may not start", cold_mw,
        np.where(_may_start(run), np.inf, 0.0),
    )  # fmt: skip
    start_max_mw = unit.max_mw if unit.start_max_mw is None else min(unit.start_max_mw, unit.max_mw)
    reach_mw = start_max_mw if start_max_mw >= unit.min_mw else 0.0
    yield from yard.at_most("non-spinning limit", run.name, "non-spinning reserve from off", cold_mw, reach_mw)


def _may_start(run: Run) -> Bools:
    """Where an idle unit has been off for its minimum, is not kept off, and has a start of the day left."""
    unit, yard = run.unit, run.yard
    _, may = unit.may_be_on(yard.horizon)
    # Rounding to steps is the same before and within the horizon: what is left of the minimum, rounded up, is 0.
    rested = unit.min_down_h - run.off_h <= 1e-9 * yard.step_h
    starts_left = np.full(yard.steps, True)
    if unit.starts_per_day_max is not None:
        starts_left = (yard.by_day(run.starts) < unit.starts_per_day_max)[yard.horizon.day_of_step]
    ready: Bools = may & rested & starts_left
    return ready


def _cost(run: Run) -> dict[str, float]:
    """Production with deep peaking on the stated curve, starts by hours off, and carbon."""
    unit, hours = run.unit, run.on * run.yard.step_h
    points = unit.cost.points(unit.min_mw, unit.max_mw) if isinstance(unit.cost, QuadraticCost) else unit.cost
    curve = np.interp(run.power_mw, [point.mw for point in points], [point.cost_per_h for point in points])
    energy_mwh = float(run.power_mw.sum()) * run.yard.step_h
    return {
        "production": float(((curve + _deep_cost_per_h(run)) * hours).sum()),
        "start": sum(unit.start_cost(float(run.off_h[step])) for step in np.flatnonzero(run.starts)),
        "carbon": unit.emission_t_per_mwh * energy_mwh * run.yard.case.carbon_price_per_t,
    }


def _deep_cost_per_h(run: Run) -> Floats:
    """What an hour costs more below the tiers: each tier's price by the depth within it."""
    extra = np.zeros_like(run.power_mw)
    tiers = run.unit.deep_peaking
    for index, tier in enumerate(tiers):
        floor_mw = tiers[index + 1].below_mw if index + 1 < len(tiers) else 0.0
        extra += tier.price_per_mwh * (tier.below_mw - np.clip(run.power_mw, floor_mw, tier.below_mw))
    return extra


def _fuel_gj(run: Run) -> Floats | None:
    use = run.unit.fuel_use
    if use is None:
        return None
    burnt: Floats = (use.gj_per_mwh * run.power_mw + use.no_load_gj_per_h * run.on) * run.yard.step_h
    return burnt + use.start_gj * run.starts
