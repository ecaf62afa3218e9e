"""What a commitment costs by merit order: every step for itself, with what ramps ask of the steps around it.

The output above the minima is filled piece by piece, cheapest first, each unit up to what its ramps can have reached
since it started and must leave before it stops. Ramps of the fleet together bind steps: output that is out of reach in
k steps must be there k steps earlier, even where something cheaper is to spare. This is an estimate, mostly a little
low, made within a hundredth of a millisecond; the dispatch has the last word.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

NOTHING = 1e-9


class Units(NamedTuple):
    """A fleet, by unit: MW above the minimum, MW per step, steps, money."""

    low: np.ndarray
    """The minimum itself."""
    room: np.ndarray
    rise: np.ndarray
    drop: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    min_up: np.ndarray
    min_down: np.ndarray
    idle: np.ndarray
    """Cost of a step at the minimum."""
    warm: np.ndarray
    """Cost of a start by steps off."""
    first: np.ndarray
    """Cost of a start in each step, after having been off since before the horizon."""
    was_on: np.ndarray
    before: np.ndarray
    must: np.ndarray
    may: np.ndarray
    kin: np.ndarray
    """Units of one number are the same."""


class Pieces(NamedTuple):
    """The pieces of all cost curves above the minima, cheapest first."""

    price: np.ndarray
    begin: np.ndarray
    width: np.ndarray
    owner: np.ndarray
    own: np.ndarray
    """By unit, the numbers of its pieces; -1 behind the last."""


class Need(NamedTuple):
    """What is asked of the fleet, by step."""

    power: np.ndarray
    cheap: np.ndarray
    """What others could give that is cheaper than any thermal unit."""
    reserve: np.ndarray
    dear: float
    """Price of a MW that is missing or cannot be placed."""
    early: float
    """Price of a MW that is there before it is needed, because ramps are slow."""
    depth: int
    """Over how many steps ramps are looked at."""


class State(NamedTuple):
    """A commitment and what follows from it."""

    on: np.ndarray
    """Steps x units."""
    room: np.ndarray
    """MW above the minimum that each unit can reach (steps x units)."""
    base: np.ndarray
    """By step, what is asked above the minima of the units on."""
    most: np.ndarray
    """By step, what they can give above their minima."""
    up: np.ndarray
    """By number of steps and step, how much of that they can have risen."""
    down: np.ndarray
    mw: np.ndarray
    """By step, what they give above their minima."""
    pieces: np.ndarray
    """By step, how many pieces are open: price, MW and owner of each follow."""
    price: np.ndarray
    width: np.ndarray
    owner: np.ndarray


def state_of(on: np.ndarray, pieces: Pieces, depth: int) -> State:
    """A commitment (steps x units) before anything is known of it."""
    steps, width = len(on), len(pieces.price)
    by_step, by_depth, by_piece = np.zeros(steps), np.zeros((depth, steps)), np.zeros((steps, width))
    # One order of the array for every fleet: another would be compiled anew.
    own = np.array(on, dtype=np.int8, order="C")
    return State(
        own, np.zeros(on.shape), by_step, by_step.copy(), by_depth, by_depth.copy(), by_step.copy(),
        np.zeros(steps, np.int64), by_piece, by_piece.copy(), np.zeros((steps, width), np.int64),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def evaluate(units, pieces, need, state):
    """The cost of a commitment; the rest of its state is brought up to date."""
    cost = 0.0
    for g in range(units.low.size):
        _reach(g, units, state)
        cost += _own_cost(g, units, state.on)
    for t in range(state.base.size):
        _tally(t, units, pieces, need, state)
    _raise_for_ramps(units, need, state)
    for t in range(state.base.size):
        cost += missing(t, need, state.base[t], state.most[t], state.mw[t]) + _filled(t, state, need.dear)
    return cost


@njit(cache=True, nogil=True)
def _reach(g, units, state):
    """How high a unit can be in every step, for its starts and stops."""
    steps, room = state.base.size, units.room[g]
    mw, was_on = units.before[g], units.was_on[g]
    for t in range(steps):
        if state.on[t, g]:
            mw = min(mw + units.rise[g] if was_on else units.start[g], room)
        state.room[t, g] = mw if state.on[t, g] else 0.0
        was_on = state.on[t, g] == 1
    mw, stays_on = room, True
    for t in range(steps - 1, -1, -1):
        if state.on[t, g]:
            mw = min(mw + units.drop[g] if stays_on else units.stop[g], room)
            state.room[t, g] = min(state.room[t, g], mw)
        stays_on = state.on[t, g] == 1


@njit(cache=True, nogil=True)
def _own_cost(g, units, on):
    """Starts, and every step on at the minimum."""
    cost, since, known, was_on = 0.0, 0, units.was_on[g], units.was_on[g]
    for t in range(len(on)):
        if on[t, g]:
            cost += units.idle[g]
            if not was_on:
                cost += units.warm[g, t - since] if known else units.first[g, t]
        elif was_on:
            since, known = t, True
        was_on = on[t, g] == 1
    return cost


@njit(cache=True, nogil=True)
def _tally(t, units, pieces, need, state):
    """A step's sums and its open pieces."""
    base, most = need.power[t], 0.0
    state.up[:, t] = 0.0
    state.down[:, t] = 0.0
    for g in range(units.low.size):
        if state.on[t, g]:
            base -= units.low[g]
            most += state.room[t, g]
            for k in range(need.depth):
                state.up[k, t] += min((k + 1) * units.rise[g], state.room[t, g])
                state.down[k, t] += min((k + 1) * units.drop[g], state.room[t, g])
    state.base[t], state.most[t], state.mw[t] = base, most, max(base - need.cheap[t], 0.0)
    count = 0
    for piece in range(pieces.price.size):
        g = pieces.owner[piece]
        width = min(pieces.width[piece], state.room[t, g] - pieces.begin[piece])
        if state.on[t, g] and width > 0.0:
            state.price[t, count], state.width[t, count], state.owner[t, count] = pieces.price[piece], width, g
            count += 1
    state.pieces[t] = count


@njit(cache=True, nogil=True)
def _raise_for_ramps(units, need, state):
    """Output that could not be reached later is there earlier, what cannot be left at once is there longer."""
    steps = state.base.size
    for t in range(steps - 1, 0, -1):
        asked = max(state.base[t] - need.cheap[t], 0.0) + need.reserve[t]
        for k in range(min(need.depth, t)):
            state.mw[t - k - 1] = max(state.mw[t - k - 1], asked - state.up[k, t])
    for t in range(steps):
        for k in range(min(need.depth, steps - 1 - t)):
            state.mw[t + k + 1] = max(state.mw[t + k + 1], state.mw[t] - state.down[k, t])
    for k in range(min(need.depth, steps)):
        left = 0.0
        for g in range(units.low.size):
            if units.was_on[g] and state.on[0, g]:
                left += max(units.before[g] - (k + 1) * units.drop[g], 0.0)
        state.mw[k] = max(state.mw[k], left)


@njit(cache=True, nogil=True)
def missing(t, need, base, most, mw):
    """What it costs that a step asks more than there is, or less than must run."""
    short = max(mw + need.reserve[t] - most, 0.0)
    spare = max(mw - max(base, 0.0), 0.0) + max(-base, 0.0)
    return (short + spare) * need.dear


@njit(cache=True, nogil=True)
def _filled(t, state, dear):
    """The cost of a step's output, cheapest first."""
    cost, left = 0.0, state.mw[t]
    for place in range(state.pieces[t]):
        if left <= 0.0:
            break
        taken = min(state.width[t, place], left)
        cost += taken * state.price[t, place]
        left -= taken
    return cost + max(left, 0.0) * dear


@njit(cache=True, nogil=True)
def filled_with(t, pieces, state, g, room, left, dear):
    """The same with a unit up to `room` above its minimum instead of what it does now; and what it gives then."""
    cost, given, place, mine = 0.0, 0.0, 0, 0
    while left > 0.0:
        while place < state.pieces[t] and state.owner[t, place] == g:
            place += 1
        own = pieces.own[g, mine] if mine < pieces.own.shape[1] and given < room else -1
        if own >= 0 and (place == state.pieces[t] or pieces.price[own] <= state.price[t, place]):
            taken = min(pieces.width[own], room - given, left)
            cost += taken * pieces.price[own]
            given += taken
            mine += 1
        elif place < state.pieces[t]:
            taken = min(state.width[t, place], left)
            cost += taken * state.price[t, place]
            place += 1
        else:
            return cost + left * dear, given
        left -= taken
    return cost, given
