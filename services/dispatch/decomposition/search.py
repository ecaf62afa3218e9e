"""From the bound to a plan: a dive near the master's schedules, then searches over what the prices leave open.

First the schedules of the master are all that may be mixed, then also whatever is almost as cheap; in the end every
decision is free again, except those whose exact price gap says that no better plan can take them.
"""

import time
from dataclasses import dataclass, replace

import numpy as np

from grid_models.case import Case
from grid_models.quantities import Floats
from services.dispatch.decomposition.aggregation import Aggregation, interchangeable
from services.dispatch.decomposition.coarse import hourly_prices
from services.dispatch.decomposition.completing import completed
from services.dispatch.decomposition.continuing import continued
from services.dispatch.decomposition.daily import daily_prices
from services.dispatch.decomposition.duel import duel
from services.dispatch.decomposition.early import early_plans, early_takes_s
from services.dispatch.decomposition.fixing import with_whole_blocks
from services.dispatch.decomposition.generation import GENTLE, Generation
from services.dispatch.decomposition.holding import Holding, worth_holding
from services.dispatch.decomposition.hunt import Hunt, Incumbent, Tell, with_commitment
from services.dispatch.decomposition.merit_fleet import may_climb
from services.dispatch.decomposition.merit_search import merit_search
from services.dispatch.decomposition.neighbourhoods import (
    Place,
    near,
    neighbourhoods,
    open_width,
    standing_in,
    without_shortage,
)
from services.dispatch.decomposition.relaxed_dive import Opening, Wish, relaxed_dive
from services.dispatch.decomposition.sampled import sampled_prices
from services.dispatch.decomposition.strengthening import capacity_mw, is_small
from services.dispatch.decomposition.stretches import dive_by_stretches, is_long
from services.dispatch.decomposition.whole_blocks import held, whole_blocks
from services.dispatch.model import Matrix
from services.dispatch.solve.guarded import INTERRUPTED, SMALL_NONZEROS, guarded_search
from services.dispatch.solve.highs import LARGE_NONZEROS, End, Outcome, Settings, dispatch

EASIER_FIRST = 5_000
"""Thermal units x steps from which first prices come from an easier case: the same in hours, or with fewer units."""
BOUND_SHARE, DIVE_SHARE = 0.4, 0.5
"""Of the time, what the bound may take; of what is left then, the dive."""
MERIT_SHARE, MERIT_ROUNDS = 0.1, 2
"""Of the time that is left, what the first climbs by merit order may take; their rounds."""
BLOCKS_SHARE = 0.3
"""Of the time that is left, what whole numbers for other kinds may take before the dive."""
SIMPLEST_SHARE = 0.5
"""Of the time that is left, what the plan may take that is made where no dive came down."""
EASIER_SHARE = 0.15
"""Of the time, what prices from days or from a sample may take."""
WORTH_A_SEARCH_S = 20.0
"""In less time branch and bound over a whole large fleet does not even come to its first relaxed problem."""
FEW_S = 1.0
"""What the prices may take beyond the limit where branch and bound has come to nothing; the plan as long again."""
LEAST_S = 0.5
"""In less time no search begins."""
EARLY_SHARE = 0.9
"""Of the time that is left, what a plan may take where time is short."""
AGAIN, LATER = 1.5, 6.0
"""A second early plan is worth its while where so many times the time of the first is left; with more, a dive is."""
PRICES_SHARE = 0.3
"""Of what an early plan takes, what its prices may take even where that is more than there is."""
FIRST_ROUNDS = 3
"""Rounds without which an early plan is poor: in the first everybody does one and the same, whoever needs it."""
PATIENCE, PATIENCE_S = 10.0, 30.0
"""The first early plan is given up after so many times what it should take, and no sooner than this."""
CONTINUE_SHARE = 0.1
"""Of the time after the bound, what a dispatch at the remembered commitment may take."""
FEW_OPEN, MANY_OPEN = 20, 80
"""Unit-hours that the first and the second dive leave open, by step, besides those that the master leaves open."""
DIVE_GAP = 0.7
"""Of the gap asked for, what ends a dive."""
COARSE, FINE = 0.25, 0.02
"""How near to the master the bound comes before the dive and, where that did not suffice, after it: of the gap."""
EXACT = 0.2
"""Of the gap asked for, how exactly the plan at a remembered commitment is completed."""


def decomposed_search(
    case: Case,
    matrix: Matrix,
    generation: Generation,
    settings: Settings,
    tell: Tell,
    memory_limit_mb: float | None = None,
) -> tuple[Outcome, str]:
    """The best plan found and a bound that holds for the whole model; why it stopped, where it did so early."""
    began = time.monotonic()
    deadline = began + settings.seconds
    parts = generation.parts
    latest = began + _bound_s(settings.seconds, early_takes_s(matrix))
    if generation.recalled is None and parts.units * case.steps >= EASIER_FIRST:
        _begin_easier(case, generation, latest, began + EASIER_SHARE * settings.seconds)
    # In a fleet so small that branch and bound is what takes the time, identical units count as one.
    together = interchangeable(parts) if is_small(case) else Aggregation(parts, ())
    hunt = Hunt(case, matrix, parts, generation, settings, deadline, memory_limit_mb, together)
    best = Incumbent(tell, generation.bound)
    _continue(best, hunt)
    generation.run(COARSE * settings.gap, latest, enough=best.enough(settings.gap))
    best.raise_bound(generation.bound)
    late = time.monotonic() > latest
    try:
        why = _improve(best, hunt, late)
        if best.values is None:
            _early(best, hunt)
    except KeyboardInterrupt:
        # Whatever was at work when it came, the best so far stays.
        why = INTERRUPTED
    if best.values is None and best.bound == np.inf:
        return Outcome("infeasible", np.inf, np.inf, None), ""
    end: End = "optimal" if best.gap() <= settings.gap else "stopped"
    lower = min(best.bound, best.objective)
    return Outcome(end, best.objective, lower, best.values, best.row_dual), why if end == "stopped" else ""


def early_search(case: Case, matrix: Matrix, generation: Generation, settings: Settings, tell: Tell) -> Outcome:
    """A plan and a bound as soon as may be, with no search behind them."""
    began, parts = time.monotonic(), generation.parts
    generation.run(COARSE * settings.gap, began + FEW_S)
    best, deadline = Incumbent(tell, generation.bound), began + 2 * FEW_S
    _early_twice(best, Hunt(case, matrix, parts, generation, settings, deadline, None, Aggregation(parts, ())))
    return Outcome("stopped", best.objective, min(best.bound, best.objective), best.values, best.row_dual)


def _begin_easier(case: Case, generation: Generation, latest: float, sooner: float) -> None:
    """First prices from hours, from days or from a part of the fleet, whichever the case has too much of."""
    parts = generation.parts
    hourly = hourly_prices(case, parts, latest)
    daily = daily_prices(case, parts, sooner) if hourly is None else None
    prices = hourly if daily is None else daily
    prices = sampled_prices(case, generation, sooner) if prices is None else prices
    if prices is not None:
        known = np.where(np.isnan(prices), generation.prices, prices)
        generation.start_at(known, None if daily is None else GENTLE)


def _improve(best: Incumbent, hunt: Hunt, late: bool) -> str:
    """From what is remembered to a proven plan, or why it is not proven; `late` where the bound had not come near."""
    case, parts, generation, settings = hunt.case, hunt.parts, hunt.generation, hunt.settings
    if best.values is None:
        _continue(best, hunt)
    lumpy = may_climb(case, parts)
    if best.gap() > settings.gap and not lumpy and late:
        _early_twice(best, hunt)
    elif best.gap() > settings.gap and not lumpy:
        # A small fleet's plan may lie farther off: what closes that gap is branch and bound, not a wider dive.
        most = np.inf if is_small(case) else generation.bound + settings.gap * abs(generation.bound)
        _dive(best, hunt, FEW_OPEN, most)
    if best.gap() > settings.gap:
        generation.run(FINE * settings.gap, time.monotonic() + BOUND_SHARE * hunt.left_s)
        best.raise_bound(generation.bound)
    if best.gap() > settings.gap and lumpy:
        climbing_ends = time.monotonic() + MERIT_SHARE * hunt.left_s
        merit_search(best, hunt, MERIT_ROUNDS, lambda: time.monotonic() > climbing_ends)
    if best.gap() > settings.gap and not lumpy:
        _dive(best, hunt, MANY_OPEN, np.inf)
    return "" if best.gap() <= settings.gap else _search(best, hunt)


def _continue(best: Incumbent, hunt: Hunt) -> None:
    """What was decided last time, dispatched anew."""
    settings = hunt.settings
    exact = replace(settings, gap=EXACT * settings.gap, seconds=max(CONTINUE_SHARE * hunt.left_s, 0.5))
    found = continued(hunt, exact)
    if found is not None:
        best.take(found)


def _dive(best: Incumbent, hunt: Hunt, open_per_step: int, most: float) -> None:
    """One way down near the schedules of the master, every other kind deciding along; `most` that a plan may cost."""
    generation, settings, parts = hunt.generation, hunt.settings, hunt.parts
    if not generation.master.values.size:
        return
    deadline = time.monotonic() + DIVE_SHARE * hunt.left_s
    enough = generation.bound + DIVE_GAP * settings.gap * abs(generation.bound)
    first = parts.decisions["on"]
    wish = Wish(first, deadline, enough, most, tell=lambda _: best.hear(None, None), prices=generation.row_prices)
    near_by = _near_by(best, hunt, generation, open_per_step)
    if worth_holding(parts, near_by.matrix):
        found = _held_dive(best, hunt, open_per_step, wish)
        if found is None and best.values is None:
            _early(best, hunt)
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


def _bound_s(seconds: float, plan_s: float) -> float:
    """What the bound may take, where an early plan takes so long: at least the time of its prices."""
    return max(min(BOUND_SHARE * seconds, seconds - plan_s), PRICES_SHARE * plan_s)


def _by_stretches(best: Incumbent, hunt: Hunt, others: Floats, wish: Wish) -> Outcome | None:
    """A long horizon: little is open in a stretch, unless it needs more, and something is missing only at the last."""
    generation, parts = hunt.generation, hunt.parts

    def near_by(open_per_step: int) -> Matrix:
        lower, upper = near(parts, generation, open_width(generation, open_per_step), best.values)
        return held(with_commitment(hunt.matrix, parts, lower, upper), parts, others)

    few, many = near_by(FEW_OPEN), near_by(MANY_OPEN)
    whole = [without_shortage(one, generation.master.others()) for one in (few, many)]
    return dive_by_stretches(hunt.case, parts, few, [*whole, many], wish)


def _early(best: Incumbent, hunt: Hunt) -> None:
    """Plans while there is still time for some; one in any case, where there is none yet."""
    patience_s = _patience_s(best, hunt)
    _first_rounds(hunt, time.monotonic() + max(hunt.left_s, patience_s))
    best.raise_bound(hunt.generation.bound)
    for plan in early_plans(hunt, time.monotonic() + EARLY_SHARE * hunt.left_s, time.monotonic() + patience_s):
        best.take(plan)


def _first_rounds(hunt: Hunt, latest: float) -> None:
    """As many rounds of column generation as an early plan needs, even if there was no time for them."""
    generation, slice_s = hunt.generation, PRICES_SHARE * early_takes_s(hunt.matrix)
    while generation.rounds < FIRST_ROUNDS and time.monotonic() < latest:
        known, until = generation.rounds, time.monotonic() + slice_s
        generation.run(COARSE * hunt.settings.gap, until)
        if generation.rounds == known and time.monotonic() < until:
            return  # the master has no solution
        slice_s *= 2


def _patience_s(best: Incumbent, hunt: Hunt) -> float:
    """What an early plan may take though time is over: something where there is no other plan."""
    return max(PATIENCE_S, PATIENCE * early_takes_s(hunt.matrix)) if best.values is None else 0.0


def _early_twice(best: Incumbent, hunt: Hunt) -> None:
    """An early plan at once; unless there is time for a dive, another at better prices, to which all answer at last."""
    began = time.monotonic()
    _early(best, hunt)
    took_s = time.monotonic() - began
    if hunt.left_s > LATER * took_s:
        return
    if hunt.left_s > AGAIN * took_s:
        hunt.generation.run(COARSE * hunt.settings.gap, hunt.deadline - AGAIN * took_s)
        best.raise_bound(hunt.generation.bound)
        _early(best, hunt)
    if hunt.left_s > LEAST_S and best.values is not None and best.gap() > hunt.settings.gap:
        best.take(dispatch(hunt.matrix, best.values, hunt.left_s))


@dataclass(frozen=True)
class NearBy:
    """The problem near the schedules of a master, and what may stand in where that is too little."""

    matrix: Matrix
    opening: Opening


def _near_by(best: Incumbent, hunt: Hunt, generation: Generation, open_per_step: int) -> NearBy:
    parts = hunt.parts
    lower, upper = near(parts, generation, open_width(generation, open_per_step), best.values)
    whole = hunt.matrix if open_per_step > FEW_OPEN else without_shortage(hunt.matrix, generation.master.others())
    opening = standing_in(generation, capacity_mw(hunt.case), upper)
    return NearBy(with_commitment(whole, parts, lower, upper), opening)


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


def _search(best: Incumbent, hunt: Hunt) -> str:
    """Branch and bound: proof and plans side by side where that is worth two processes, else one after the other."""
    if hunt.left_s < LEAST_S:
        return "its time limit"
    worth_two = hunt.matrix.rows.nnz >= SMALL_NONZEROS and hunt.settings.threads > 1
    return duel(best, hunt) if is_small(hunt.case) and worth_two else _one_by_one(best, hunt)


def _one_by_one(best: Incumbent, hunt: Hunt) -> str:
    """One neighbourhood after the other, each from the best plan so far; why it was not enough."""
    why = ""
    if hunt.matrix.rows.nnz > LARGE_NONZEROS and hunt.left_s < WORTH_A_SEARCH_S:
        return "its time limit"
    for place in neighbourhoods(best, hunt, hunt.settings.threads):

        def hear(objective: float | None, proven: float | None, place: Place = place) -> None:
            best.bound = max(best.bound, min(place.proves(-np.inf if proven is None else proven), best.objective))
            best.hear(objective, None)

        start = place.hunt.start(best.values)
        found, why = guarded_search(place.matrix, place.settings, hear, start, hunt.memory_limit_mb)
        plan = place.plan(found)
        if plan is not None:
            best.take(plan)
        best.raise_bound(min(place.proves(found.bound, found.end), best.objective))
        if best.gap() <= hunt.settings.gap:
            return ""
        if why == INTERRUPTED or why.startswith("its memory"):
            return why
        if hunt.left_s < 0.5:
            return "its time limit"
    return why
