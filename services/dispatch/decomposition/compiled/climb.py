"""Climbing from commitment to commitment: units answer each other until none has a better answer.

From there one unit is forced on or off over a few steps, and often another the other way; the rest answer to that, then
all are free again. What is no worse stays.
"""

import numpy as np
from numba import njit

from services.dispatch.decomposition.compiled.answer import answer
from services.dispatch.decomposition.compiled.merit import evaluate

BETTER = 1e-3
"""Money by which an answer must be better."""
LONGEST = 5
"""A forced run has 1, 2, 4 ... steps: so many lengths."""
MOST_ROUNDS = 20
DRAWS = 30
"""So many units are drawn as the other one, until one is found that is unsure."""


@njit(cache=True, nogil=True)
def climb(units, pieces, need, state, doubt, seed, tries, pool, costs):
    """Better commitments than the state's, the best of them into the pool; the state ends at the best.

    `doubt` (units x steps) says how likely a unit is to be forced in a step.
    """
    np.random.seed(seed)
    steps = state.base.size
    force, found = np.zeros(steps, np.int8), np.zeros(steps, np.int8)
    cost = _settle(units, pieces, need, state, evaluate(units, pieces, need, state), -1, force, MOST_ROUNDS)
    _keep(state.on, cost, pool, costs)
    best, sums = state.on.copy(), np.cumsum(doubt.ravel())
    for _ in range(tries):
        drawn = min(np.searchsorted(sums, np.random.random() * sums[-1]), sums.size - 1)
        g, t = drawn // steps, drawn % steps
        way = -1 if state.on[t, g] else 1
        force[:] = 0
        for s in range(t, min(t + 2 ** np.random.randint(0, LONGEST), steps)):
            force[s] = way if (units.may[g, s] if way > 0 else not units.must[g, s]) else 0
        answer(g, units, pieces, need, state, force, found)
        state.on[:, g] = found
        evaluate(units, pieces, need, state)
        _other_way(t, g, way, units, pieces, need, state, doubt, found)
        now = _settle(units, pieces, need, state, evaluate(units, pieces, need, state), g, force, 1)
        force[:] = 0
        now = _settle(units, pieces, need, state, now, -1, force, MOST_ROUNDS)
        _keep(state.on, now, pool, costs)
        if now <= cost:
            cost, best[:] = now, state.on
        else:
            state.on[:] = best
            evaluate(units, pieces, need, state)
    return cost


@njit(cache=True, nogil=True)
def _other_way(t, g, way, units, pieces, need, state, doubt, found):
    """Another unit in doubt goes the other way in this step, if one is found."""
    force = np.zeros(state.base.size, np.int8)
    force[t] = -way
    most = doubt.max()
    for _ in range(DRAWS):
        other = np.random.randint(0, units.low.size)
        turns = state.on[t, other] == (1 if way > 0 else 0)
        open_ = not units.must[other, t] if way > 0 else units.may[other, t]
        if other != g and turns and open_ and np.random.random() * most < doubt[other, t]:
            answer(other, units, pieces, need, state, force, found)
            state.on[:, other] = found
            return


@njit(cache=True, nogil=True)
def _settle(units, pieces, need, state, cost, held, force, rounds):
    """Each unit in turn takes its best answer, until no unit has a better one; `held` obeys what is forced."""
    steps, count = state.on.shape
    free, found, old = np.zeros(steps, np.int8), np.zeros(steps, np.int8), np.zeros(steps, np.int8)
    asked, version, idle = np.full(count, -1), 0, 0
    for _ in range(rounds):
        for g in np.random.permutation(count):
            if idle >= count:
                return cost
            idle += 1
            if g != held and _answered(g, held, units, state.on, asked, version):
                continue
            asked[g] = version
            answer(g, units, pieces, need, state, force if g == held else free, found)
            if _same(state.on, g, found):
                continue
            old[:] = state.on[:, g]
            state.on[:, g] = found
            now = evaluate(units, pieces, need, state)
            if now < cost - BETTER:
                cost, idle, version = now, 0, version + 1
            else:
                state.on[:, g] = old
                evaluate(units, pieces, need, state)
    return cost


@njit(cache=True, nogil=True)
def _answered(g, held, units, on, asked, version):
    """Whether an equal unit with the same schedule has just been asked in vain."""
    for other in range(on.shape[1]):
        alike = units.kin[other] == units.kin[g] and other != held
        if alike and asked[other] == version and _same(on, g, on[:, other]):
            return True
    return False


@njit(cache=True, nogil=True)
def _same(on, g, schedule):
    for t in range(on.shape[0]):  # noqa: SIM110 (compiled)
        if on[t, g] != schedule[t]:
            return False
    return True


@njit(cache=True, nogil=True)
def _keep(on, cost, pool, costs):
    """Into the pool, in the place of the dearest, unless one of the same cost is there."""
    if np.abs(costs - cost).min() > BETTER and cost < costs.max():
        place = np.argmax(costs)
        pool[place] = on
        costs[place] = cost
