"""A plan long before column generation and dives come to their end, for those who are short of time.

Other kinds do what the master has them do by now, in whole numbers, and every unit follows one of the schedules that it
mixes. Where these are too few, more units come on: those whose cheapest schedule with the hour in it costs least at the
prices of the bound. A dispatch of the units answers to that: with everybody else decided it takes a tenth of the time
that it takes with storage free. Where something is missing in it after all, more is asked for there, once or twice.
"""

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.dispatch.decomposition.assigning import FOLLOWED, one_each
from services.dispatch.decomposition.blocks import IMPOSSIBLE
from services.dispatch.decomposition.continuing import needed_mw
from services.dispatch.decomposition.following import Mixture
from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.hunt import Hunt, with_commitment
from services.dispatch.decomposition.neighbourhoods import NOTHING_MW, missing_mw, shortages, surer
from services.dispatch.decomposition.split import Split
from services.dispatch.decomposition.strengthening import capacity_mw
from services.dispatch.decomposition.whole_blocks import held, whole_blocks
from services.dispatch.fallback import at_rest
from services.dispatch.model import Matrix
from services.dispatch.progress import POOR_GAP, relative_gap
from services.dispatch.solve.highs import Outcome
from services.dispatch.solve.rounding import whole_dispatch

ROUNDS = 5
"""So many dispatches at the most."""
BLOCKS_SHARE = 0.3
"""Of the time, what whole numbers for other kinds may take."""
SURER_SHARE = 0.002
"""Where a dispatch was short, this share of the need is asked for besides twice what was missing."""
BETTER = 1e-4
"""Relative: what another dispatch must have gained, or what is missing is not the units' to give."""
S_PER_ENTRY = 2e-6
"""Roughly what an early plan takes, per entry of the matrix that is not zero."""
Mask = NDArray[np.bool_]


def early_takes_s(matrix: Matrix) -> float:
    """About how long the first early plan takes."""
    return S_PER_ENTRY * float(matrix.rows.nnz)


def early_plans(hunt: Hunt, deadline: float, latest: float = -np.inf) -> Iterator[Outcome]:
    """Plans from the master as it is, each better than the one before; none where it was not solved yet.

    Until one is not poor they may take until `latest`, where that is later.
    """
    before, until = np.inf, max(deadline, latest)
    if not hunt.generation.master.values.size or time.monotonic() > until:
        return
    mixture = _everybody(hunt, until)
    asked = needed_mw(hunt, _without_shortage(hunt, mixture))
    for _ in range(ROUNDS):
        mixture = _with_more_on(hunt, mixture, asked)
        plan = _dispatched(hunt, mixture, until)
        if plan is None or plan.values is None or plan.objective > before - BETTER * abs(before):
            return
        yield plan
        short, before = missing_mw(hunt.matrix, plan.values, hunt.case.steps), plan.objective
        until = until if relative_gap(plan.objective, hunt.generation.bound) > POOR_GAP else deadline
        if (short <= NOTHING_MW).all() or time.monotonic() > until:
            return
        # Units that are on cannot give all that they have at once: what is missing is missing beside that.
        asked = surer(np.maximum(asked, _capacity_mw(hunt, mixture)), short, SURER_SHARE)


def _without_shortage(hunt: Hunt, mixture: Mixture) -> Floats:
    """What others do, without what the master leaves missing."""
    given = np.where(hunt.parts.owner < 0, mixture.values, 0.0)
    for columns in shortages(hunt.matrix):
        given[columns] = hunt.matrix.lower[columns]
    return given


def _capacity_mw(hunt: Hunt, mixture: Mixture) -> Floats:
    """By step, the most that those on could give if they had always been on."""
    on = np.round(mixture.values[hunt.parts.decisions["on"]])
    total: Floats = (capacity_mw(hunt.case) * on).sum(axis=0)
    return total


def _everybody(hunt: Hunt, deadline: float) -> Mixture:
    """One schedule for each unit; blocks whole, as far as there is time."""
    generation, parts = hunt.generation, hunt.parts
    latest = time.monotonic() + BLOCKS_SHARE * (deadline - time.monotonic())
    others, mixture = whole_blocks(generation, hunt.settings, latest), generation.master.mixture()
    blocks = parts.party >= parts.units
    paid = np.bincount(parts.party[blocks], (parts.matrix.cost * others)[blocks], minlength=parts.parties)
    cost = np.where(np.arange(parts.parties) < parts.units, mixture.cost, paid)
    mixture = replace(mixture, values=np.where(blocks, others, mixture.values), cost=cost)
    return one_each(generation, np.arange(parts.parties) < parts.units, mixture)


def _with_more_on(hunt: Hunt, mixture: Mixture, asked: Floats) -> Mixture:
    """More units on wherever those that are on cannot give what is asked (MW by step)."""
    generation, parts = hunt.generation, hunt.parts
    on = np.round(mixture.values[parts.decisions["on"]])
    coming = _coming(generation, on, asked, capacity_mw(hunt.case))
    units = coming.sum(axis=1) > 0
    if not units.any():
        return mixture
    priced = generation.pricer(generation.prices, lower=np.maximum(on, coming), only=units)
    units &= np.abs(priced.value) < IMPOSSIBLE
    theirs = (parts.owner >= 0) & units[parts.owner]
    cost = mixture.cost.copy()
    cost[np.flatnonzero(units)] = priced.schedules.cost[units]
    values = np.where(theirs, priced.schedules.values, mixture.values)
    return replace(mixture, values=values, cost=cost)


def _coming(generation: Generation, on: Floats, asked: Floats, capacity: Floats) -> Mask:
    """The hours in which units have to come on (units x steps), the scarcest first, few units rather than many."""
    short = asked - (capacity * on).sum(axis=0)
    coming = np.zeros(on.shape, dtype=bool)
    for step in np.argsort(-short)[: int((short > NOTHING_MW).sum())]:
        gap = generation.priced.gap_on[:, step]
        chosen = coming.sum(axis=1) > 0
        off = np.flatnonzero((on[:, step] == 0) & (gap < IMPOSSIBLE))
        order = off[np.lexsort((gap[off], ~chosen[off]))]
        enough = 1 + int(np.searchsorted(np.cumsum(capacity[order, step]), short[step]))
        coming[order[:enough], step] = True
    return coming


def _dispatched(hunt: Hunt, mixture: Mixture, deadline: float) -> Outcome | None:
    """The plan in which everybody keeps to the hours and whole numbers of its schedule; None out of time.

    Blocks that have not become whole decide nothing and give what they can; all others do as they do in the mixture.
    """
    matrix, parts, values = hunt.matrix, hunt.parts, mixture.values
    on, halved = np.round(values[parts.decisions["on"]]), _by_halves(parts, values)
    committed = with_commitment(matrix, parts, on, on)
    narrowed = held(committed, parts, np.where(halved, at_rest(matrix), values))
    still = (parts.party >= parts.units) & ~halved
    lower, upper = (np.where(still, values, limit) for limit in (narrowed.lower, narrowed.upper))
    narrowed = replace(narrowed, lower=lower, upper=upper)
    return whole_dispatch(narrowed, lower, matrix.integer & (lower < upper), deadline - time.monotonic())


def _by_halves(parts: Split, values: Floats) -> Mask:
    """The columns of blocks that would have to do something by halves."""
    halves = parts.matrix.integer & (parts.party >= parts.units) & (np.abs(values - np.round(values)) > FOLLOWED)
    by_party = np.zeros(parts.parties + 1, dtype=bool)
    by_party[parts.party[halves]] = True
    found: Mask = by_party[parts.party]
    return found
