"""Interruptible load: calls with notice, length, rest and rebound."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from grid_models.case import Case
from grid_models.quantities import Floats
from grid_models.resources import InterruptibleLoad
from services.dispatch.algebra import Linear
from services.dispatch.fleet import column, day_matrix, series, steps_in
from services.dispatch.model import Block
from services.dispatch.reserves import award, wanted


@dataclass(frozen=True)
class Variables:
    """What is decided about a contract."""

    called: Linear
    start: Linear
    stop: Linear
    shed: Linear
    most_mw: Floats
    """What could be shed at each step."""


def formulate(block: Block, loads: Sequence[InterruptibleLoad]) -> None:
    """Add interruptible contracts to the model."""
    x = _variables(block, loads)
    _call_length(block, loads, x)
    _call_counts(block, loads, x)
    _rest(block, loads, x)
    _constant_blocks(block, loads, x)
    rebound = block.publish("rebound_mw", _rebound(block, loads, x))
    block.model.injections.append((block.names, x.shed - rebound))
    _reserve(block, loads, x)
    _costs(block, loads, x)


def potential_mw(loads: Sequence[InterruptibleLoad], steps: int) -> Floats:
    """What could be shed: the available share of the contract, and of baseline less floor."""
    contract = series(loads, lambda load: load.contract_mw, steps)
    baseline = series(loads, lambda load: np.inf if load.baseline_mw is None else load.baseline_mw, steps)
    floor = series(loads, lambda load: load.floor_mw, steps)
    share = column(loads, lambda load: load.availability)
    most: Floats = share * np.minimum(contract, np.maximum(baseline - floor, 0))
    return most


def _variables(block: Block, loads: Sequence[InterruptibleLoad]) -> Variables:
    """On call, its first step, the first step after it (I1), and what is shed (I2)."""
    case = block.model.case
    most = potential_mw(loads, block.steps)
    least = column(loads, lambda load: load.shed_min_mw)
    called = block.publish("called", block.binary("called", 0.0, (most >= least - 1e-9).astype(float)))
    start = block.binary("call_start", 0.0, _may_start(loads, case))
    stop = block.binary("call_stop")
    shed = block.publish("shed_mw", block.variable("shed_mw", 0.0, most))
    was_called = called.before([load.initial.in_progress_h > 0 for load in loads])
    block.require("calls start and stop", (called - was_called).equals(start - stop))
    block.require("start while called", start <= called)
    block.require("stop while not called", stop <= 1 - called)
    block.require("shed while called", shed <= called * most)
    block.require("least shed", shed >= called * least, least > 0)
    return Variables(called, start, stop, shed, most)


def _may_start(loads: Sequence[InterruptibleLoad], case: Case) -> Floats:
    """No call starts before the decision plus its notice (I3), nor while it rests from one before the horizon (I6)."""
    decided = case.decision_time or case.horizon.start
    moments = np.array([(moment - case.horizon.start) / timedelta(hours=1) for moment in case.horizon.times])
    ahead = (decided - case.horizon.start) / timedelta(hours=1)
    notice = column(loads, lambda load: load.notice_h)
    rest = column(loads, lambda load: 0 if load.initial.in_progress_h else load.rest_h - load.initial.hours_since_call)
    earliest = np.maximum(ahead + notice, np.where(rest > 0, rest, -np.inf))
    may: Floats = (moments >= earliest - 1e-9).astype(float)
    return may


def _call_length(block: Block, loads: Sequence[InterruptibleLoad], x: Variables) -> None:
    """Neither shorter nor longer than agreed, a call in progress included (I4)."""
    case, step = block.model.case, np.arange(block.steps)
    step_h = case.horizon.step_h
    least = np.maximum(steps_in(case, column(loads, lambda load: load.call_min_h)), 1)
    block.require("shortest call", x.start.over_last(least) <= x.called, (least > 1)[:, None])
    begun = column(loads, lambda load: load.initial.in_progress_h)
    short = np.ceil((column(loads, lambda load: load.call_min_h) - begun) / step_h - 1e-9)
    block.require("finish the call", x.called >= 1, (begun > 0) & (step < short))
    longest_h = column(loads, lambda load: load.call_max_h)
    longest = np.floor(np.minimum(longest_h, case.horizon.hours + step_h) / step_h + 1e-9).astype(int).ravel()
    # A call in progress explains being called until it has run its longest.
    left = np.where(begun > 0, np.floor((np.minimum(longest_h, 1e6) - begun) / step_h + 1e-9), 0)
    block.require("longest call", x.called <= x.start.over_last(longest), np.isfinite(longest_h) & (step >= left))


def _call_counts(block: Block, loads: Sequence[InterruptibleLoad], x: Variables) -> None:
    """Calls that start, per local day and in all (I5)."""
    per_day = column(loads, lambda load: load.calls_per_day_max)
    used_today = column(loads, lambda load: load.initial.calls_used_today)
    for number, day in enumerate(day_matrix(block.model.case)):
        left = np.maximum(per_day - (used_today if number == 0 else 0), 0)
        block.require("calls per day", x.start[:, day].sum(1)[:, None] <= left, np.isfinite(per_day))
    in_all = column(loads, lambda load: load.calls_max)
    left = np.maximum(in_all - column(loads, lambda load: load.initial.calls_used), 0)
    block.require("calls in all", x.start.sum(1)[:, None] <= left, np.isfinite(in_all))


def _rest(block: Block, loads: Sequence[InterruptibleLoad], x: Variables) -> None:
    """From the end of a call to the start of the next (I6)."""
    rest = steps_in(block.model.case, column(loads, lambda load: load.rest_h))
    block.require("rest between calls", x.start + x.stop.over_last(rest) <= 1, (rest > 0)[:, None])


def _constant_blocks(block: Block, loads: Sequence[InterruptibleLoad], x: Variables) -> None:
    """A block sheds the same MW at every step of its call (I7)."""
    constant = np.array([[load.form == "block"] for load in loads])
    before = x.shed.before([load.initial.in_progress_mw for load in loads])
    largest = x.most_mw.max(axis=1, keepdims=True)
    carried = column(loads, lambda load: load.initial.in_progress_mw)
    span = np.maximum(largest, carried)
    block.require("a block holds from below", x.shed - before <= x.start * span, constant)
    block.require("a block holds from above", before - x.shed <= x.stop * span, constant)


def _rebound(block: Block, loads: Sequence[InterruptibleLoad], x: Variables) -> Linear:
    """A share of each call's energy comes back evenly after it ends (I8).

    `banked` collects the energy of the running call; the step after its end releases it into the window.
    """
    case, step_h = block.model.case, block.model.case.horizon.step_h
    share = column(loads, lambda load: load.rebound_share)
    window = np.maximum(steps_in(case, column(loads, lambda load: load.rebound_window_h)), 1)
    full_window = np.ceil(column(loads, lambda load: max(load.rebound_window_h, step_h)) / step_h - 1e-9)
    carried = column(loads, lambda load: load.initial.in_progress_mwh)
    most = carried + x.most_mw.sum(axis=1, keepdims=True) * step_h
    back = share > 0
    banked = block.variable("banked_mwh", 0.0, np.where(back, most, 0.0))
    released = block.variable("released_mwh", 0.0, np.where(back, most, 0.0))
    before = banked.before(carried.ravel())
    block.require("energy of the call", banked.equals(before + x.shed * step_h - released), back)
    block.require("banked while called", banked <= x.called * most, back)
    block.require("released when it ends", released <= x.stop * most, back)
    rebound = released.over_last(window) * (share / (full_window * step_h))
    limit = column(loads, lambda load: load.rebound_max_mw)
    block.require("rebound at most", rebound <= limit, back & np.isfinite(limit))
    # Beyond the horizon the first step is the highest: calls still running end there, and none follows.
    after = released.over_last(np.minimum(full_window.ravel().astype(int) - 1, block.steps))[:, -1:] + banked[:, -1:]
    block.require("rebound at most after the horizon", after * (share / (full_window * step_h)) <= limit, back)
    _rebound_after_horizon(block, share, banked[:, -1:] + released.sum(1)[:, None], rebound)
    return rebound


def _rebound_after_horizon(block: Block, share: Floats, ended_mwh: Linear, rebound: Linear) -> None:
    """What comes back beyond the horizon is charged at the price that is said to hold there (I9)."""
    case = block.model.case
    beyond = ended_mwh * share - rebound.sum(1)[:, None] * case.horizon.step_h
    block.publish("rebound_after_horizon_mwh", beyond)
    block.pay("rebound_after_horizon", beyond * (case.prices.after_horizon_per_mwh or 0.0))


def _reserve(block: Block, loads: Sequence[InterruptibleLoad], x: Variables) -> None:
    """A contract at rest is an up-reserve where it could still be called in time and for long enough (I10)."""
    case = block.model.case
    may = np.array(
        [
            [_quick_enough(load, item.response_min) and _long_enough(load, item.duration_h) for item in wanted(case)]
            for load in loads
        ],
        dtype=bool,
    ).reshape(len(loads), -1)
    awards = award(block, loads, may=may, only_up=True)
    if not awards.any(up=True):
        return
    up, most = awards.of(up=True), x.most_mw
    rest = steps_in(case, column(loads, lambda load: load.rest_h))
    held = awards.held_by(up=True)
    block.require("award while at rest", up <= (1 - x.called - x.stop.over_last(rest)) * most, held)
    block.require("award where a call may start", up <= _rested_before(loads, case) * most, held)
    for product in wanted(case):
        if product.name in awards.by_product:
            _apart(block, loads, x, awards.by_product[product.name], product.duration_h)
    _calls_left(block, loads, x, up, held)


def _apart(block: Block, loads: Sequence[InterruptibleLoad], x: Variables, awarded: Linear, duration_h: float) -> None:
    """A call for reserve, and the rest after it, would be over before the next call of the schedule."""
    case = block.model.case
    ahead = steps_in(case, column(loads, lambda load: max(duration_h, load.call_min_h) + load.rest_h))
    # Within the shortest call and its rest lies at most one start, so one row covers them all.
    apart = np.maximum(steps_in(case, column(loads, lambda load: load.call_min_h + load.rest_h)), 1)
    held = np.diff(awarded.matrix.indptr).reshape(awarded.shape).any(axis=1)
    lag = np.arange(int(ahead.max(initial=1)))
    for part in range(int(np.ceil((ahead - 1) / apart).max(initial=0))):
        begins = 1 + part * apart[:, None]
        window = (lag >= begins) & (lag < np.minimum(begins + apart[:, None], ahead[:, None]))
        soon = x.start.weighted_past(window.astype(float), ahead=True)
        block.require("award before a call", awarded <= (1 - soon) * x.most_mw, (window.any(axis=1) & held)[:, None])


def _quick_enough(load: InterruptibleLoad, response_min: float | None) -> bool:
    return load.notice_h == 0 if response_min is None else load.notice_h * 60 <= response_min


def _long_enough(load: InterruptibleLoad, duration_h: float) -> bool:
    return load.call_max_h is None or load.call_max_h >= duration_h


def _rested_before(loads: Sequence[InterruptibleLoad], case: Case) -> Floats:
    step = np.arange(case.steps) * case.horizon.step_h
    rest = column(loads, lambda load: 0 if load.initial.in_progress_h else load.rest_h - load.initial.hours_since_call)
    rested: Floats = (step >= rest - 1e-9).astype(float)
    return rested


def _calls_left(
    block: Block, loads: Sequence[InterruptibleLoad], x: Variables, up: Linear, held: NDArray[np.bool_]
) -> None:
    """An award needs a call that is still to be had (I10)."""
    most = x.most_mw
    in_all = column(loads, lambda load: load.calls_max) - column(loads, lambda load: load.initial.calls_used)
    bound = np.isfinite(in_all)
    left = np.where(bound, np.maximum(in_all, 0), 0.0)
    block.require("award within the calls in all", up <= (left - x.start.sum(1)[:, None]) * most, bound & held)
    per_day = column(loads, lambda load: load.calls_per_day_max)
    used_today = column(loads, lambda load: load.initial.calls_used_today)
    for number, day in enumerate(day_matrix(block.model.case)):
        left = np.where(np.isfinite(per_day), np.maximum(per_day - (used_today if number == 0 else 0), 0), 0.0)
        unused = left - x.start[:, day].sum(1)[:, None]
        block.require("award within the calls of the day", up <= unused * most, np.isfinite(per_day) & day & held)


def _costs(block: Block, loads: Sequence[InterruptibleLoad], x: Variables) -> None:
    horizon = block.model.case.horizon
    block.pay("energy", x.shed * (column(loads, lambda load: load.price_per_mwh) * horizon.step_h))
    block.pay("calls", x.start * column(loads, lambda load: load.price_per_call))
    ready = column(loads, lambda load: load.availability_price_per_mw_h * load.contract_mw)
    block.pay("availability", 0.0 * x.called + ready * horizon.step_h)
