"""Calls within windows: blocks, the ledger of a day and a year, rest between calls, and what comes back after them.

Part of formula 3 of PEAK_RESPONSE.md: a call is one block within a window; rebound is spread evenly over the window
after the call, as the dispatch spreads it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from scipy.sparse import csr_array

from grid_models.quantities import Floats
from services.dispatch.algebra import Linear
from services.dispatch.assessment.demand import Demand, Steps, by_window
from services.dispatch.assessment.responders import Responder
from services.dispatch.model import Block


@dataclass(frozen=True)
class _Called:
    """The responders whose calls must be counted or timed."""

    rows: Steps
    on: Linear
    start: Linear
    names: tuple[str, ...]


def called(block: Block, power: Linear, caps_mw: Floats, responders: Sequence[Responder], demand: Demand) -> Linear:
    """Blocks, ledger, rest and rebound; returns the rebound, responders x steps."""
    rows = np.flatnonzero([_needs_calls(one, demand) for one in responders])
    rebound = power * 0.0
    if not rows.size:
        return rebound
    names = tuple(block.names[one] for one in rows)
    shape = (rows.size, len(demand.steps))
    on = block.binary("on", shape=shape, resources=names)
    start = block.variable("start", upper=1.0, shape=shape, resources=names)
    called = _Called(rows, on, start, names)
    block.require("only when called", power[rows] <= on * caps_mw[rows], resources=names)
    inside = np.concatenate([np.arange(len(one)) > 0 for one in demand.windows]).astype(float)
    block.require("starts", on - on.lagged(1) * inside <= start, resources=names)
    chosen = [responders[int(one)] for one in rows]
    _blocks(block, called, chosen, demand)
    _ledger(block, called, chosen, demand)
    _rest(block, called, chosen, demand)
    return rebound + _rebound(block, power, caps_mw, called, chosen, demand)


def _needs_calls(one: Responder, demand: Demand) -> bool:
    longest_h = max(len(window) for window in demand.windows) * demand.step_h
    counted = one.calls_per_year is not None or one.calls_per_day is not None or one.rest_h > 0
    short = one.duration_h is not None and one.duration_h < longest_h - 1e-9
    return short or one.rebound_share > 0 or (counted and len(demand.windows) > 1) or one.calls_per_year == 0


def _blocks(block: Block, called: _Called, chosen: Sequence[Responder], demand: Demand) -> None:
    """One call in a window, without a break, no longer than the contract; a store may pause."""
    one_call = np.array([one.duration_h is not None or one.rebound_share > 0 for one in chosen])[:, None]
    starts = by_window(called.start, demand)
    block.require("one block", starts <= 1.0, where=np.broadcast_to(one_call, starts.shape), resources=called.names)
    longest = np.array([np.inf if one.duration_h is None else one.duration_h for one in chosen])[:, None]
    # A duration is rounded down to whole steps: nobody is held longer than agreed.
    most = np.floor(longest / demand.step_h + 1e-9)
    hours = by_window(called.on, demand)
    block.require("longest call", hours <= np.broadcast_to(most, hours.shape), resources=called.names)


def _ledger(block: Block, called: _Called, chosen: Sequence[Responder], demand: Demand) -> None:
    """Calls over the year and on each day."""
    count = len(demand.windows)
    used = block.binary("called", shape=(len(chosen), count), resources=called.names)
    block.require("is a call", called.on <= used[:, demand.window_of], resources=called.names)
    year = np.array([np.inf if one.calls_per_year is None else one.calls_per_year for one in chosen])
    block.require("calls of the year", used.sum(axis=1) <= year, resources=called.names)
    days, places = np.unique([demand.day_of(one) for one in range(count)], return_inverse=True)
    labels = np.arange(len(chosen))[:, None] * days.size + places[None, :]
    daily = used.grouped(labels.ravel(), (len(chosen), days.size))
    most = np.array([np.inf if one.calls_per_day is None else one.calls_per_day for one in chosen])[:, None]
    block.require("calls of the day", daily <= np.broadcast_to(most, daily.shape), resources=called.names)


def _rest(block: Block, called: _Called, chosen: Sequence[Responder], demand: Demand) -> None:
    """Two windows closer than the rest cannot both be answered at steps that close."""
    steps, window = demand.steps, demand.window_of
    for row, one in enumerate(chosen):
        rest = one.rest_h / demand.step_h
        apart = steps[None, :] - steps[:, None] - 1
        early, late = np.nonzero((window[None, :] > window[:, None]) & (apart < rest - 1e-9))
        if early.size:
            both = called.on[row][early] + called.on[row][late]
            block.require(f"rest of {one.name}", both <= 1.0, resources=(one.name,) * early.size)


def _rebound(
    block: Block, power: Linear, caps_mw: Floats, called: _Called, chosen: Sequence[Responder], demand: Demand
) -> Linear:
    """What comes back: evenly over the window after a call, in this window or in one soon after."""
    total = power * 0.0
    for place, one in enumerate(chosen):
        if one.rebound_share <= 0:
            continue
        row = int(called.rows[place])
        drawn = block.variable("rebound", shape=(1, len(demand.steps)), resources=(one.name,))
        _after_calls(block, drawn, (power[row], caps_mw[row]), (called.on[place], called.start[place]), one, demand)
        total = total + drawn.scattered(np.array([row]), len(caps_mw))
    return total


def _after_calls(
    block: Block,
    drawn: Linear,
    power: tuple[Linear, Floats],
    call: tuple[Linear, Linear],
    one: Responder,
    demand: Demand,
) -> None:
    """`drawn` is at least the share of a call's energy over the window, wherever that call has just ended."""
    reach = max(1, int(np.ceil(one.rebound_window_h / demand.step_h - 1e-9)))
    shed, cap_mw = power
    for early, late in _near_windows(demand, reach):
        ended, steps = _ended(call, early, late, reach, demand)
        inside = np.flatnonzero(demand.window_of == early)
        per_step = one.rebound_share / reach
        most_mw = per_step * float(cap_mw[inside].sum())
        returned = shed[inside].sum() * per_step
        block.require(
            f"rebound of {one.name}",
            drawn[0][steps] >= returned + (ended - 1.0) * most_mw,
            resources=(one.name,) * len(steps),
        )


def _near_windows(demand: Demand, reach: int) -> Iterator[tuple[int, int]]:
    for early, late in combinations_with_replacement(range(len(demand.windows)), 2):
        if demand.windows[late][0] - demand.windows[early][-1] <= reach:
            yield early, late


def _ended(call: tuple[Linear, Linear], early: int, late: int, reach: int, demand: Demand) -> tuple[Linear, Steps]:
    """For the steps of the late window: 1 where the call of the early one has ended within reach, and those steps."""
    on, start = call
    first = int(np.flatnonzero(demand.window_of == early)[0])
    begin, length = int(demand.windows[early][0]), len(demand.windows[early])
    places = np.flatnonzero(demand.window_of == late)
    size = len(demand.steps)
    of_on, of_start = np.zeros((len(places), size)), np.zeros((len(places), size))
    for row, place in enumerate(places):
        now = int(demand.steps[place])
        for end in range(max(begin + 1, now - reach + 1), min(now, begin + length) + 1):
            before = first + end - begin - 1
            of_on[row, before] += 1.0
            if end < begin + length:
                of_on[row, before + 1] -= 1.0
                of_start[row, before + 1] += 1.0
    shape = (len(places),)
    return on.applied(csr_array(of_on), shape) + start.applied(csr_array(of_start), shape), places
