"""Calls within windows: blocks, the ledger of a day and a year, rest between calls, and what comes back after them.

Part of formula 3 of PEAK_RESPONSE.md: a call is one block within a window; rebound is spread evenly over the window
after the call, as the dispatch spreads it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import block_diag, csr_array

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
    if not rows.size:
        return power * 0.0
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
    return _rebound(block, power, caps_mw, called, chosen, demand)


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
    """What comes back: evenly over the window after a call, in this window or in one soon after.

    The energy of a call is booked at its last step, of which there is one in a window: where a call might end at
    several steps at once, as in the relaxed problem, no energy can be booked before it was given, nor be lost.
    """
    back = [place for place, one in enumerate(chosen) if one.rebound_share > 0]
    if not back:
        return power * 0.0
    rows, those = called.rows[back], [chosen[place] for place in back]
    names = tuple(one.name for one in those)
    shed, shape = power[rows], (len(back), len(demand.steps))
    booked = block.variable("booked", shape=shape, resources=names)
    most = _most_by_last_step(those, caps_mw[rows], demand)
    block.require("booked when it ends", booked <= _last_steps(called, demand)[back] * most, resources=names)
    block.require("all is booked", by_window(booked, demand).equals(by_window(shed, demand)), resources=names)
    block.require("not before", _until(booked, demand) <= _until(shed, demand), resources=names)
    block.require("not lost", shed <= _since(booked, demand), resources=names)
    return _drawn_after(booked, those, demand).scattered(rows, len(caps_mw))


def _last_steps(called: _Called, demand: Demand) -> Linear:
    """1 where a call goes on no longer."""
    goes_on = np.concatenate([np.arange(len(one)) < len(one) - 1 for one in demand.windows]).astype(float)
    return called.on - (called.on.lagged(-1) - called.start.lagged(-1)) * goes_on


def _most_by_last_step(those: Sequence[Responder], caps_mw: Floats, demand: Demand) -> Floats:
    """What a call could have given by each step if that is its last, MW times steps."""
    rows = []
    for one, caps in zip(those, caps_mw, strict=True):
        length = len(caps) if one.duration_h is None else int(np.floor(one.duration_h / demand.step_h + 1e-9))
        energy = np.inf if one.energy_mwh is None else one.energy_mwh / demand.step_h
        parts = np.split(caps, np.flatnonzero(np.diff(demand.window_of)) + 1)
        given = [np.convolve(part, np.ones(max(length, 1)))[: len(part)] for part in parts]
        rows.append(np.minimum(np.concatenate(given), energy))
    return np.array(rows)


def _until(entries: Linear, demand: Demand) -> Linear:
    """Sums of the steps of a window up to each."""
    same = demand.window_of[:, None] == demand.window_of[None, :]
    return _mixed(entries, [np.tril(same).astype(float)] * entries.shape[0])


def _since(entries: Linear, demand: Demand) -> Linear:
    """Sums of the steps of a window from each on."""
    same = demand.window_of[:, None] == demand.window_of[None, :]
    return _mixed(entries, [np.triu(same).astype(float)] * entries.shape[0])


def _drawn_after(booked: Linear, those: Sequence[Responder], demand: Demand) -> Linear:
    """The share of each call's energy, evenly over the steps after its last that lie within the rebound's window."""
    later = demand.steps[:, None] - demand.steps[None, :]
    weights = []
    for one in those:
        reach = max(1, int(np.ceil(one.rebound_window_h / demand.step_h - 1e-9)))
        weights.append(np.where((later > 0) & (later <= reach), one.rebound_share / reach, 0.0))
    return _mixed(booked, weights)


def _mixed(entries: Linear, by_row: Sequence[Floats]) -> Linear:
    """Each row's steps mixed by a matrix of its own."""
    return entries.applied(block_diag([csr_array(one) for one in by_row], format="csr"), entries.shape)
