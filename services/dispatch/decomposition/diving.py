"""A dive near the schedules of the master: in fleets small and large, and through long horizons."""

import time
from dataclasses import dataclass, replace

import numpy as np

from grid_models.quantities import Floats
from services.dispatch.decomposition.completing import completed
from services.dispatch.decomposition.fixing import with_whole_blocks
from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.haste import early
from services.dispatch.decomposition.holding import Holding, worth_holding
from services.dispatch.decomposition.hunt import Hunt, Incumbent, with_commitment
from services.dispatch.decomposition.neighbourhoods import near, open_width, standing_in, without_shortage
from services.dispatch.decomposition.relaxed_dive import Opening, Wish, relaxed_dive
from services.dispatch.decomposition.strengthening import capacity_mw
from services.dispatch.decomposition.stretches import dive_by_stretches, is_long
from services.dispatch.decomposition.whole_blocks import held, whole_blocks
from services.dispatch.model import Matrix
from services.dispatch.solve.highs import Outcome

DIVE_SHARE = 0.5
"""Of the time after the bound, what a dive may take."""
BLOCKS_SHARE = 0.3
"""Of the time that is left, what whole numbers for other kinds may take before the dive."""
SIMPLEST_SHARE = 0.5
"""Of the time that is left, what the plan may take that is made where no dive came down."""
FEW_OPEN, MANY_OPEN = 20, 80
"""Unit-hours that the first and the second dive leave open, by step, besides those that the master leaves open."""
DIVE_GAP, ROOM_GAP = 0.7, 0.15
"""Of the gap asked for, what ends a dive; where its relaxed problem is no nearer, how much dearer it may get."""


def dive(best: Incumbent, hunt: Hunt, open_per_step: int, most: float) -> None:
    """One way down near the schedules of the master, every other kind deciding along; `most` that a plan may cost."""
    generation, settings, parts = hunt.generation, hunt.settings, hunt.parts
    if not generation.master.values.size:
        return
    deadline = time.monotonic() + DIVE_SHARE * hunt.left_s
    gap_cost = settings.gap * abs(generation.bound)
    wish = Wish(
        parts.decisions["on"],
        deadline,
        generation.bound + DIVE_GAP * gap_cost,
        most,
        least_room=ROOM_GAP * gap_cost,
        tell=lambda _: best.hear(None, None),
        prices=generation.row_prices,
    )
    near_by = _near_by(best, hunt, generation, open_per_step)
    if worth_holding(parts, near_by.matrix):
        found = _held_dive(best, hunt, open_per_step, wish)
        if found is None and best.values is None:
            early(best, hunt)
    else:
        others = _others(hunt)
        wish = replace(wish, opening=near_by.opening)
        found = _by_stretches(best, hunt, others, wish) if is_long(hunt.case) else None
        # At once where the horizon is short, or where nothing else leads to a plan.
        if found is None and not (is_long(hunt.case) and np.isfinite(most)):
            found = relaxed_dive(held(near_by.matrix, parts, others), wish)
        if found is None and best.values is None and np.isinf(most):
            found = _simplest(hunt, others)
    if found is not None:
        best.take(found)


def _by_stretches(best: Incumbent, hunt: Hunt, others: Floats, wish: Wish) -> Outcome | None:
    """A long horizon: little is open in a stretch, unless it needs more, and something is missing only at the last."""
    generation, parts = hunt.generation, hunt.parts

    def near_by(open_per_step: int) -> Matrix:
        lower, upper = _open(best, generation, open_per_step)
        return held(with_commitment(hunt.matrix, parts, lower, upper), parts, others)

    few, many = near_by(FEW_OPEN), near_by(MANY_OPEN)
    whole = [without_shortage(one, generation.master.others()) for one in (few, many)]
    return dive_by_stretches(hunt.case, parts, few, [*whole, many], wish)


@dataclass(frozen=True)
class NearBy:
    """The problem near the schedules of a master, and what may stand in where that is too little."""

    matrix: Matrix
    opening: Opening


def _near_by(best: Incumbent, hunt: Hunt, generation: Generation, open_per_step: int) -> NearBy:
    parts = hunt.parts
    lower, upper = _open(best, generation, open_per_step)
    whole = hunt.matrix if open_per_step > FEW_OPEN else without_shortage(hunt.matrix, generation.master.others())
    opening = standing_in(generation, capacity_mw(hunt.case), upper)
    return NearBy(with_commitment(whole, parts, lower, upper), opening)


def _open(best: Incumbent, generation: Generation, open_per_step: int) -> tuple[Floats, Floats]:
    """Between what every unit may choose (units x steps): least and most of being on."""
    return near(generation.parts, generation, open_width(generation, open_per_step), best.values)


def _held_dive(best: Incumbent, hunt: Hunt, open_per_step: int, wish: Wish) -> Outcome | None:
    """The same in a large fleet: blocks become whole first, then most parties stay where the master has them."""
    rest = with_whole_blocks(hunt.generation, hunt.settings, wish.deadline)
    if rest is None or not rest.master.without_box(wish.deadline):
        return None
    near_by = _near_by(best, hunt, rest, open_per_step)
    holding = Holding(rest, held(near_by.matrix, hunt.parts, rest.master.others()))
    found = relaxed_dive(
        holding.matrix, replace(wish, opening=near_by.opening, opened=holding.opened, prices=rest.row_prices)
    )
    plan = None if found is None else holding.whole(hunt.matrix, found, max(hunt.left_s, 1.0))
    return None if plan is None else holding.settled(hunt.matrix, plan, max(hunt.left_s, 1.0))


def _others(hunt: Hunt) -> Floats:
    """What every kind but the thermal does near the master's solution, in whole numbers where they were found."""
    return whole_blocks(hunt.generation, hunt.settings, time.monotonic() + BLOCKS_SHARE * hunt.left_s)


def _simplest(hunt: Hunt, others: Floats) -> Outcome | None:
    """Where no dive came down: every unit as in the schedule that it mainly follows, short where that is too little."""
    heaviest = hunt.generation.master.heaviest()
    if not heaviest.keys() >= set(range(hunt.parts.units)):
        return None
    on = np.array([heaviest[unit] for unit in range(hunt.parts.units)], dtype=float)
    settings = replace(hunt.settings, seconds=max(SIMPLEST_SHARE * hunt.left_s, 0.5))
    return completed(hunt.matrix, hunt.parts, on, others, settings, hunt.memory_limit_mb)
