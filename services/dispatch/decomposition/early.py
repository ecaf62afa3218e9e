"""A plan long before column generation and dives come to their end, for large fleets that are short of time.

Everybody follows one of the schedules that the master mixes by now. Where these are too few, more units come on: those
whose cheapest schedule with the hour in it costs least at the prices of the bound. A dispatch answers to that; where
something is missing in it after all, more is asked for there, and it begins again.
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
from services.dispatch.decomposition.holding import Holding
from services.dispatch.decomposition.hunt import Hunt, with_commitment
from services.dispatch.decomposition.neighbourhoods import NOTHING_MW, missing_mw, surer
from services.dispatch.decomposition.relaxed_dive import NOTHING_FIRST, Wish, relaxed_dive
from services.dispatch.decomposition.split import Split
from services.dispatch.decomposition.strengthening import capacity_mw
from services.dispatch.decomposition.whole_blocks import held, whole_blocks
from services.dispatch.fallback import at_rest
from services.dispatch.solve.highs import Outcome

ROUNDS = 5
"""So many dispatches at the most."""
FIRST_OPEN, WIDER = 30_000, 2
"""Columns that the first dispatch has open, so that there soon is a plan; each next one has so many times more."""
BLOCKS_SHARE = 0.3
"""Of the time, what whole numbers for other kinds may take."""
SURER_SHARE = 0.002
"""Where a dispatch was short, this share of the need is asked for besides twice what was missing."""
Mask = NDArray[np.bool_]


def early_plans(hunt: Hunt, deadline: float) -> Iterator[Outcome]:
    """Plans from the master as it is, as a rule each better than the one before; none where it was not solved yet."""
    generation = hunt.generation
    if not generation.master.values.size:
        return
    mixture = _everybody(hunt, deadline)
    asked = needed_mw(hunt, np.where(hunt.parts.owner < 0, mixture.values, 0.0))
    for number in range(ROUNDS):
        if time.monotonic() > deadline:
            return
        mixture = _with_more_on(hunt, mixture, asked)
        plan = _dispatched(hunt, mixture, FIRST_OPEN * WIDER**number, deadline)
        if plan is None or plan.values is None:
            continue
        yield plan
        short = missing_mw(hunt.matrix, plan.values, hunt.case.steps)
        if (short <= NOTHING_MW).all():
            return
        asked = surer(asked, short, SURER_SHARE)


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


def _dispatched(hunt: Hunt, mixture: Mixture, most_open: int, deadline: float) -> Outcome | None:
    """The plan in which everybody keeps to the hours and whole numbers of its schedule; None out of time.

    Blocks that have not become whole decide nothing and give what they can.
    """
    generation, parts = hunt.generation, hunt.parts
    on = np.round(mixture.values[parts.decisions["on"]])
    narrowed = held(with_commitment(hunt.matrix, parts, on, on), parts, _decided(parts, mixture.values))
    holding = Holding(generation, narrowed, mixture, most_open)
    found = relaxed_dive(holding.matrix, Wish(NOTHING_FIRST, deadline, np.inf))
    plan = None if found is None else holding.whole(hunt.matrix, found, max(deadline - time.monotonic(), 1.0))
    return None if plan is None else holding.settled(hunt.matrix, plan, max(deadline - time.monotonic(), 0.5))


def _decided(parts: Split, values: Floats) -> Floats:
    """These values, but those of a block by halves are at rest."""
    halves = parts.matrix.integer & (parts.party >= parts.units) & (np.abs(values - np.round(values)) > FOLLOWED)
    by_party = np.zeros(parts.parties + 1, dtype=bool)
    by_party[parts.party[halves]] = True
    return np.where(by_party[parts.party], at_rest(parts.matrix), values)
