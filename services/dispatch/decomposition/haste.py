"""Where time is short: plans as soon as there are any prices, and what is made of the time that is left behind them."""

import time

from grid_models.case import Case
from services.dispatch.decomposition.aggregation import Aggregation
from services.dispatch.decomposition.early import early_plans, early_takes_s
from services.dispatch.decomposition.generation import COARSE, Generation
from services.dispatch.decomposition.hunt import Hunt, Incumbent, Tell
from services.dispatch.model import Matrix
from services.dispatch.solve.highs import Outcome, Settings, dispatch

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


def early_search(case: Case, matrix: Matrix, generation: Generation, settings: Settings, tell: Tell) -> Outcome:
    """A plan and a bound as soon as may be, with no search behind them."""
    began, parts = time.monotonic(), generation.parts
    generation.run(COARSE * settings.gap, began + FEW_S)
    best, deadline = Incumbent(tell, generation.bound), began + 2 * FEW_S
    early_twice(best, Hunt(case, matrix, parts, generation, settings, deadline, None, Aggregation(parts, ())))
    return Outcome("stopped", best.objective, min(best.bound, best.objective), best.values, best.row_dual)


def early_twice(best: Incumbent, hunt: Hunt) -> None:
    """An early plan at once; unless there is time for a dive, another at better prices, to which all answer at last."""
    began = time.monotonic()
    early(best, hunt)
    took_s = time.monotonic() - began
    if hunt.left_s > LATER * took_s:
        return
    if hunt.left_s > AGAIN * took_s:
        hunt.generation.run(COARSE * hunt.settings.gap, hunt.deadline - AGAIN * took_s)
        best.raise_bound(hunt.generation.bound)
        early(best, hunt)
    if hunt.left_s > LEAST_S and best.values is not None and best.gap() > hunt.settings.gap:
        best.take(dispatch(hunt.matrix, best.values, hunt.left_s))


def early(best: Incumbent, hunt: Hunt) -> None:
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
