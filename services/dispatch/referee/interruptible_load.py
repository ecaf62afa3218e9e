"""What a meter at an interruptible load, and the keeper of its contract, would object to."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise

import numpy as np

from grid_models.quantities import Floats, per_step
from grid_models.resources import InterruptibleLoad
from services.dispatch.referee.verdict import Finding, Violation
from services.dispatch.referee.yard import Bools, Yard

EPSILON_H = 1e-9


@dataclass(frozen=True)
class Call:
    """One call, as far as the horizon sees it."""

    start: int
    """Its first step in the horizon."""
    end: int
    """The first step without it; the number of steps where it still runs."""
    carried: bool
    """Whether it was running when the horizon began."""
    hours: float
    energy_mwh: float


@dataclass(frozen=True)
class Contract:
    """One contract, what was called and shed under it, and what is held ready."""

    load: InterruptibleLoad
    yard: Yard
    called: Bools
    shed_mw: Floats
    rebound_mw: Floats

    @property
    def name(self) -> str:
        return self.load.name

    @cached_property
    def carries(self) -> bool:
        """Whether a call was running when the horizon began."""
        return self.load.initial.in_progress_h > 0

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """Every call, the one in progress first, even where it ends with the beginning of the horizon."""
        edges = np.diff(np.concatenate([[self.carries], self.called, [False]]).astype(int))
        starts = [*([0] if self.carries else []), *np.flatnonzero(edges > 0).tolist()]
        ends = np.flatnonzero(edges < 0).tolist()
        return tuple(self._call(index, start, end) for index, (start, end) in enumerate(zip(starts, ends, strict=True)))

    def _call(self, index: int, start: int, end: int) -> Call:
        state, carried = self.load.initial, self.carries and index == 0
        hours, energy_mwh = (end - start) * self.yard.step_h, float(self.shed_mw[start:end].sum()) * self.yard.step_h
        if carried:
            hours, energy_mwh = hours + state.in_progress_h, energy_mwh + state.in_progress_mwh
        return Call(start, end, carried, hours, energy_mwh)

    @cached_property
    def fresh(self) -> tuple[Call, ...]:
        """The calls that start within the horizon."""
        return tuple(call for call in self.calls if not call.carried)

    @cached_property
    def answer_mw(self) -> Floats:
        """The most that a call can shed: what answers of the contract, and of the baseline above its floor."""
        steps = self.yard.steps
        most_mw = np.full(steps, self.load.contract_mw)
        if self.load.baseline_mw is not None:
            room_mw = per_step(self.load.baseline_mw, steps) - per_step(self.load.floor_mw, steps)
            most_mw = np.minimum(most_mw, np.maximum(room_mw, 0.0))
        answer_mw: Floats = self.load.availability * most_mw
        return answer_mw

    @cached_property
    def rebound_due_mw(self) -> Floats:
        """What every call draws again after it, over the horizon and as long after it as any window lasts."""
        window = self.yard.horizon.steps_in(self.load.rebound_window_h)
        due_mw = np.zeros(self.yard.steps + window)
        for call in self.calls if window else ():
            due_mw[call.end : call.end + window] += (
                self.load.rebound_share * call.energy_mwh / (window * self.yard.step_h)
            )
        return due_mw

    @cached_property
    def starts_by_day(self) -> Floats:
        """Calls that count on each local day, those used before on the first."""
        starts = np.zeros(self.yard.steps)
        starts[[call.start for call in self.fresh]] = 1
        by_day = self.yard.by_day(starts)
        by_day[0] += self.load.initial.calls_used_today
        return by_day

    @property
    def calls_used(self) -> int:
        return len(self.fresh) + self.load.initial.calls_used

    @cached_property
    def resting(self) -> Bools:
        """Where a call that is over still keeps the next one away."""
        resting = np.zeros(self.yard.steps, dtype=bool)
        left_h = 0.0 if self.carries else self.load.rest_h - self.load.initial.hours_since_call
        resting[: max(0, self.yard.horizon.steps_in(left_h))] = True
        for call in self.calls:
            resting[call.end : call.end + self.yard.horizon.steps_in(self.load.rest_h)] = True
        return resting


def inspect(load: InterruptibleLoad, yard: Yard) -> Finding:
    """Judge every call, what it sheds, what it draws again, and what is held ready; add up the bill."""
    read = yard.readings.resources[load.name]
    contract = Contract(load, yard, read["called"] > 0.5, read["shed_mw"], read["rebound_mw"])
    rules = (_shed, _block, _notice, _length, _counts, _rest, _rebound, _after_horizon, _reserve)
    violations = tuple(chain.from_iterable(rule(contract) for rule in rules))
    return Finding(contract.shed_mw - contract.rebound_mw, _cost(contract), violations)


def _shed(contract: Contract) -> Iterator[Violation]:
    load, yard, shed_mw = contract.load, contract.yard, contract.shed_mw
    idle_mw = np.where(contract.called, 0.0, shed_mw)
    least_mw = np.where(contract.called, shed_mw, load.shed_min_mw)
    active_mw = np.where(contract.called, shed_mw, 0.0)
    yield from yard.equal("shed without a call", load.name, "shed without a call", idle_mw, 0.0)
    yield from yard.at_least("least shed", load.name, "shed while called", least_mw, load.shed_min_mw)
    yield from yard.at_most("shed limit", load.name, "shed", active_mw, contract.answer_mw)


def _block(contract: Contract) -> Iterator[Violation]:
    """A block sheds the same from the first step of a call to the last."""
    if contract.load.form == "block":
        earlier_mw = contract.yard.before(contract.shed_mw, contract.load.initial.in_progress_mw)
        was_called = np.concatenate([[contract.carries], contract.called[:-1]])
        due_mw = np.where(was_called & contract.called, earlier_mw, contract.shed_mw)
        yield from contract.yard.equal("constant block", contract.name, "shed within a call", contract.shed_mw, due_mw)


def _notice(contract: Contract) -> Iterator[Violation]:
    horizon, load = contract.yard.horizon, contract.load
    decided = contract.yard.case.decision_time or horizon.start
    for call in contract.fresh:
        warned_h = (horizon.moment(call.start) - decided).total_seconds() / 3600
        if warned_h < load.notice_h - EPSILON_H:
            words = f"a call starts {warned_h:g} h after it was decided, its notice is {load.notice_h:g} h"
            yield from contract.yard.object("notice", load.name, call.start, words, load.notice_h - warned_h)


def _length(contract: Contract) -> Iterator[Violation]:
    """No shorter than the least, in steps, unless it still runs at the end; no longer than the most, in hours."""
    load, yard = contract.load, contract.yard
    for call in contract.calls:
        earlier_h = load.initial.in_progress_h if call.carried else 0.0
        step = min(call.end, yard.steps - 1)
        if call.end < yard.steps and call.end - call.start < yard.horizon.steps_in(load.call_min_h - earlier_h):
            words = f"a call ends after {call.hours:g} h, it lasts at least {load.call_min_h:g} h"
            yield from yard.object("shortest call", load.name, step, words, load.call_min_h - call.hours)
        if load.call_max_h is not None and call.hours > load.call_max_h + EPSILON_H:
            words = f"a call lasts {call.hours:g} h, at most {load.call_max_h:g} h is allowed"
            yield from yard.object("longest call", load.name, step, words, call.hours - load.call_max_h)


def _counts(contract: Contract) -> Iterator[Violation]:
    load, yard = contract.load, contract.yard
    if load.calls_per_day_max is not None and contract.fresh:
        limit = np.maximum(load.calls_per_day_max, yard.by_day(np.zeros(yard.steps)))
        limit[0] = max(limit[0], load.initial.calls_used_today)
        yield from yard.at_most(
            "calls per day", load.name, "the count of the day's calls", contract.starts_by_day, limit, "calls",
            yard.first_of_day,
        )  # fmt: skip
    if load.calls_max is not None and contract.fresh and contract.calls_used > load.calls_max:
        words = f"this is call {contract.calls_used}, at most {load.calls_max} are allowed"
        beyond = contract.calls_used - load.calls_max
        yield from yard.object("calls in all", load.name, contract.fresh[-1].start, words, beyond)


def _rest(contract: Contract) -> Iterator[Violation]:
    """From the end of a call to the start of the next."""
    load, yard = contract.load, contract.yard
    least = yard.horizon.steps_in(load.rest_h)
    gaps = [(later.start, later.start - call.end, least) for call, later in pairwise(contract.calls)]
    if contract.fresh and not contract.carries:
        first = contract.fresh[0].start
        gaps.append((first, first, yard.horizon.steps_in(load.rest_h - load.initial.hours_since_call)))
    for step, rested, needed in gaps:
        if rested < needed:
            words = f"a call starts {(needed - rested) * yard.step_h:g} h before the rest of {load.rest_h:g} h is over"
            yield from yard.object("rest", load.name, step, words, (needed - rested) * yard.step_h)


def _rebound(contract: Contract) -> Iterator[Violation]:
    load, yard, due_mw = contract.load, contract.yard, contract.rebound_due_mw
    yield from yard.equal("rebound", load.name, "rebound", contract.rebound_mw, due_mw[: yard.steps])
    if load.rebound_max_mw is not None:
        steps = np.minimum(np.arange(len(due_mw)), yard.steps - 1)
        yield from yard.at_most(
            "rebound limit", load.name, "rebound after the calls", due_mw, load.rebound_max_mw, steps=steps
        )


def _beyond_mwh(contract: Contract) -> float:
    return float(contract.rebound_due_mw[contract.yard.steps :].sum()) * contract.yard.step_h


def _after_horizon(contract: Contract) -> Iterator[Violation]:
    """Rebound beyond the horizon is reported, and has a price."""
    yard, last = contract.yard, np.array([contract.yard.steps - 1])
    beyond_mwh = _beyond_mwh(contract)
    stated_mwh = yard.readings.rebound_after_horizon_mwh.get(contract.name, 0.0)
    miss_mwh = np.array([abs(stated_mwh - beyond_mwh)])
    words = f"{stated_mwh:.6g} MWh of rebound beyond the horizon are reported for {beyond_mwh:.6g} MWh; the difference"
    yield from yard.at_most("rebound beyond", contract.name, words, miss_mwh, 0.0, "MWh", last)
    if beyond_mwh > yard.tolerance(0.0, "MWh") and _after_price(contract) is None:
        words = f"{beyond_mwh:.6g} MWh rebound beyond the horizon, but neither the case nor the plan gives a price"
        yield from yard.object("price beyond", contract.name, yard.steps - 1, words, beyond_mwh)


def _after_price(contract: Contract) -> float | None:
    stated = contract.yard.case.prices.after_horizon_per_mwh
    return contract.yard.assumptions.after_horizon_per_mwh if stated is None else stated


def _reserve(contract: Contract) -> Iterator[Violation]:
    """Only upwards, only where the notice is short enough, only where a call could be made and held."""
    load, yard, awards = contract.load, contract.yard, contract.yard.awards(contract.name)
    if not awards.each:
        return
    yield from yard.at_most("no down reserve", load.name, "down-reserve", awards.down_mw, 0.0)
    yield from yard.at_most("up reserve", load.name, "up-reserve", awards.up_mw, contract.answer_mw)
    for award in awards.each:
        if award.product.up:
            quick = load.notice_h * 60 <= (award.product.response_min or 0.0) + EPSILON_H
            what = f"the award of {award.product.name}"
            yield from yard.at_most("reserve notice", load.name, what, award.mw * (not quick), 0.0)
            idle_mw = award.mw * ~_may_be_called(contract, award.product.duration_h)
            yield from yard.at_most("reserve of a load that may not be called", load.name, what, idle_mw, 0.0)


def _may_be_called(contract: Contract, duration_h: float) -> Bools:
    """Where a call for the reserve could start and last: not called, rested, and a call left."""
    load, yard = contract.load, contract.yard
    free = ~contract.called & ~contract.resting
    apart = yard.horizon.steps_in(max(duration_h, load.call_min_h) + load.rest_h)
    for call in contract.fresh:
        free[max(0, call.start - apart + 1) : call.start] = False
    if load.calls_per_day_max is not None:
        free &= (contract.starts_by_day < load.calls_per_day_max)[yard.horizon.day_of_step]
    if load.calls_max is not None:
        free &= contract.calls_used < load.calls_max
    if load.call_max_h is not None:
        free &= load.call_max_h >= duration_h - EPSILON_H
    return free


def _cost(contract: Contract) -> dict[str, float]:
    load, yard = contract.load, contract.yard
    return {
        "energy": load.price_per_mwh * float(contract.shed_mw.sum()) * yard.step_h,
        "calls": load.price_per_call * len(contract.fresh),
        "availability": load.availability_price_per_mw_h * load.contract_mw * yard.horizon.hours,
        "rebound_after_horizon": (_after_price(contract) or 0.0) * _beyond_mwh(contract),
    }
