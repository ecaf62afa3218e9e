"""From the bound to a plan: a dive near the master's schedules, then searches over what the prices leave open.

First the schedules of the master are all that may be mixed, then also whatever is almost as cheap; in the end every
decision is free again, except those whose exact price gap says that no better plan can take them.
"""

import time
from dataclasses import replace

import numpy as np

from grid_models.case import Case
from services.dispatch.decomposition.aggregation import Aggregation, interchangeable
from services.dispatch.decomposition.coarse import hourly_prices
from services.dispatch.decomposition.continuing import continued
from services.dispatch.decomposition.daily import daily_prices
from services.dispatch.decomposition.diving import FEW_OPEN, MANY_OPEN, dive
from services.dispatch.decomposition.duel import duel
from services.dispatch.decomposition.early import early_takes_s
from services.dispatch.decomposition.generation import COARSE, FINE, GENTLE, Generation
from services.dispatch.decomposition.haste import LEAST_S, PRICES_SHARE, early, early_twice
from services.dispatch.decomposition.hunt import Hunt, Incumbent, Tell
from services.dispatch.decomposition.merit_fleet import may_climb
from services.dispatch.decomposition.merit_search import merit_search
from services.dispatch.decomposition.neighbourhoods import Place, neighbourhoods
from services.dispatch.decomposition.sampled import sampled_prices
from services.dispatch.decomposition.strengthening import is_small
from services.dispatch.model import Matrix
from services.dispatch.solve.guarded import INTERRUPTED, SMALL_NONZEROS, guarded_search
from services.dispatch.solve.highs import LARGE_NONZEROS, End, Outcome, Settings

EASIER_FIRST = 5_000
"""Thermal units x steps from which first prices come from an easier case: the same in hours, or with fewer units."""
BOUND_SHARE = 0.4
"""Of the time, what the bound may take."""
MERIT_SHARE, MERIT_ROUNDS = 0.1, 2
"""Of the time that is left, what the first climbs by merit order may take; their rounds."""
EASIER_SHARE = 0.15
"""Of the time, what prices from days or from a sample may take."""
WORTH_A_SEARCH_S = 20.0
"""In less time branch and bound over a whole large fleet does not even come to its first relaxed problem."""
CONTINUE_SHARE = 0.1
"""Of the time after the bound, what a dispatch at the remembered commitment may take."""
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
    try:
        late = _bounded(best, hunt, latest)
        why = _improve(best, hunt, late)
        if best.values is None:
            early(best, hunt)
    except KeyboardInterrupt:
        # Whatever was at work when it came, the best so far stays.
        why = INTERRUPTED
    if best.values is None and best.bound == np.inf:
        return Outcome("infeasible", np.inf, np.inf, None), ""
    end: End = "optimal" if best.gap() <= settings.gap else "stopped"
    lower = min(best.bound, best.objective)
    return Outcome(end, best.objective, lower, best.values, best.row_dual), why if end == "stopped" else ""


def _bound_s(seconds: float, plan_s: float) -> float:
    """What the bound may take, where an early plan takes so long: at least the time of its prices."""
    return max(min(BOUND_SHARE * seconds, seconds - plan_s), PRICES_SHARE * plan_s)


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


def _bounded(best: Incumbent, hunt: Hunt, latest: float) -> bool:
    """The remembered plan, and a bound near the master or near enough to prove that plan; whether it came too late."""
    _continue(best, hunt)
    generation, gap = hunt.generation, hunt.settings.gap
    generation.run(COARSE * gap, latest, best.enough(gap))
    best.raise_bound(generation.bound)
    if best.values is None:
        # What is not remembered, or cannot be done again, is now known from the master.
        _continue(best, hunt)
    return time.monotonic() > latest


def _improve(best: Incumbent, hunt: Hunt, late: bool) -> str:
    """From what is remembered to a proven plan, or why it is not proven; `late` where the bound had not come near."""
    case, parts, generation, settings = hunt.case, hunt.parts, hunt.generation, hunt.settings
    lumpy = may_climb(case, parts)
    if best.gap() > settings.gap and not lumpy and late:
        early_twice(best, hunt)
    elif best.gap() > settings.gap and not lumpy:
        # A small fleet's plan may lie farther off: what closes that gap is branch and bound, not a wider dive.
        most = np.inf if is_small(case) else generation.bound + settings.gap * abs(generation.bound)
        dive(best, hunt, FEW_OPEN, most)
    if best.gap() > settings.gap:
        generation.run(FINE * settings.gap, time.monotonic() + BOUND_SHARE * hunt.left_s)
        best.raise_bound(generation.bound)
    if best.gap() > settings.gap and lumpy:
        climbing_ends = time.monotonic() + MERIT_SHARE * hunt.left_s
        merit_search(best, hunt, MERIT_ROUNDS, lambda: time.monotonic() > climbing_ends)
    if best.gap() > settings.gap and not lumpy:
        dive(best, hunt, MANY_OPEN, np.inf)
    return "" if best.gap() <= settings.gap else _search(best, hunt)


def _continue(best: Incumbent, hunt: Hunt) -> None:
    """What was decided last time, dispatched anew."""
    settings = hunt.settings
    exact = replace(settings, gap=EXACT * settings.gap, seconds=max(CONTINUE_SHARE * hunt.left_s, 0.5))
    found = continued(hunt, exact)
    if found is not None:
        best.take(found)


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
