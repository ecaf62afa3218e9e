"""From the bound to a plan: a dive through the master, then searches over what the prices leave open.

First the schedules of the master are all that may be mixed, then also whatever is almost as cheap; in the end every
decision is free again, except those whose exact price gap says that no better plan can take them.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from grid_models.case import Case
from grid_models.quantities import Floats
from services.dispatch.decomposition.completing import completed
from services.dispatch.decomposition.diving import dive
from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.split import Split
from services.dispatch.decomposition.strengthening import with_class_counts
from services.dispatch.model import Matrix
from services.dispatch.solve.guarded import Start, guarded_search
from services.dispatch.solve.highs import End, Outcome, Settings

NEIGHBOURHOODS = (0.0, 5e-5, 3e-4)
"""How much dearer than the bound, relative, a schedule may be to take part in a restricted search."""
BOUND_SHARE, DIVE_SHARE = 0.4, 0.5
"""Of the time, what the bound may take; of what is left then, the dive."""
DIVE_GAP = 0.7
"""Of the gap asked for, what ends a dive."""
COARSE, FINE = 0.25, 0.02
"""How near to the master the bound comes before the dive and, where that did not suffice, after it: of the gap."""
RESTRICTED_SHARE = 0.35
"""Of the time that is left, what one restricted search may take."""
POOR_GAP = 0.01
RESTRICTED_GAP = 0.2
"""Of the gap asked for, how exactly a restricted search is solved."""

Tell = Callable[[float | None, float | None], None]


@dataclass
class Incumbent:
    """The best plan and the best bound so far."""

    tell: Tell
    bound: float
    objective: float = np.inf
    values: Floats | None = None
    row_dual: Floats | None = None
    """Where the plan is an exact dispatch, its prices."""

    def hear(self, objective: float | None, _: float | None) -> None:
        best = min(self.objective, np.inf if objective is None else objective)
        self.tell(best if np.isfinite(best) else None, self.bound)

    def take(self, found: Outcome) -> None:
        if found.values is not None and found.objective < self.objective:
            self.objective, self.values, self.row_dual = found.objective, found.values, found.row_dual
            self.tell(self.objective, self.bound)

    def raise_bound(self, bound: float) -> None:
        self.bound = max(self.bound, bound)
        self.hear(None, None)

    def gap(self) -> float:
        return (self.objective - self.bound) / abs(self.objective) if np.isfinite(self.objective) else np.inf

    def start(self, matrix: Matrix) -> Start | None:
        if self.values is None:
            return None
        whole = np.flatnonzero(matrix.integer).astype(np.int32)
        return whole, np.round(self.values[whole])


@dataclass(frozen=True)
class Hunt:
    """What every search of one case shares."""

    case: Case
    matrix: Matrix
    parts: Split
    generation: Generation
    settings: Settings
    deadline: float
    memory_limit_mb: float | None

    @property
    def left_s(self) -> float:
        return self.deadline - time.monotonic()

    def narrowed(self, lower: Floats, upper: Floats) -> Matrix:
        """The matrix between two commitments, with its class counts."""
        return with_class_counts(self.case, _with_commitment(self.matrix, self.parts, lower, upper), self.parts)

    def search(self, narrowed: Matrix, settings: Settings, tell: Tell, best: Incumbent) -> tuple[Outcome, str]:
        """One guarded search from the best plan so far; its outcome is taken up."""
        found, why = guarded_search(narrowed, settings, tell, best.start(self.matrix), self.memory_limit_mb)
        best.take(_of_matrix(found, self.matrix))
        return found, why


def decomposed_search(
    case: Case,
    matrix: Matrix,
    parts: Split,
    settings: Settings,
    tell: Tell,
    memory_limit_mb: float | None = None,
) -> tuple[Outcome, str]:
    """The best plan found and a bound that holds for the whole model; why it stopped, where it did so early."""
    began = time.monotonic()
    deadline = began + settings.seconds
    generation = Generation(case, parts, lambda value: tell(None, value))
    generation.run(COARSE * settings.gap, began + BOUND_SHARE * settings.seconds)
    best = Incumbent(tell, generation.bound)
    hunt = Hunt(case, matrix, parts, generation, settings, deadline, memory_limit_mb)
    _dive(best, hunt)
    if best.gap() > settings.gap:
        generation.run(FINE * settings.gap, time.monotonic() + BOUND_SHARE * hunt.left_s)
        best.raise_bound(generation.bound)
    why = "" if best.gap() <= settings.gap else _restricted(best, hunt)
    if best.gap() > settings.gap and not why:
        why = _complete(best, hunt)
    if best.values is None and best.bound == np.inf:
        return Outcome("infeasible", np.inf, np.inf, None), ""
    end: End = "optimal" if best.gap() <= settings.gap else "stopped"
    lower = min(best.bound, best.objective)
    return Outcome(end, best.objective, lower, best.values, best.row_dual), why if end == "stopped" else ""


def _dive(best: Incumbent, hunt: Hunt) -> None:
    """One way down through the master, and the exact dispatch where it came out."""
    generation, settings = hunt.generation, hunt.settings
    enough = generation.bound + DIVE_GAP * settings.gap * abs(generation.bound)
    end = dive(generation, time.monotonic() + DIVE_SHARE * hunt.left_s, enough)
    if end is None:
        return
    exact = replace(settings, gap=RESTRICTED_GAP * settings.gap, seconds=max(DIVE_SHARE * hunt.left_s, 0.5))
    found = completed(hunt.matrix, hunt.parts, end.on, end.kept_values, exact, hunt.memory_limit_mb)
    if found is not None:
        best.take(found)


def _of_matrix(found: Outcome, matrix: Matrix) -> Outcome:
    """The outcome in the columns of the matrix alone, without the counts behind them."""
    return found if found.values is None else replace(found, values=found.values[: matrix.shape[1]])


def _restricted(best: Incumbent, hunt: Hunt) -> str:
    """Searches over growing neighbourhoods of the master's schedules, each from the best plan so far."""
    settings, generation = hunt.settings, hunt.generation
    target = best.bound + settings.gap * abs(best.bound) * 0.98
    for width in NEIGHBOURHOODS:
        # Where no good plan is known yet, this is the only way to one, so it may take what time there is.
        share = RESTRICTED_SHARE if best.gap() < POOR_GAP else 0.8
        wish = replace(
            settings,
            gap=settings.gap * RESTRICTED_GAP,
            seconds=max(hunt.left_s * share, 0.5),
            options={**settings.options, "objective_target": target},
        )
        lower, upper = _neighbourhood(hunt.parts, generation, width * abs(generation.bound), best.values)
        _, why = hunt.search(hunt.narrowed(lower, upper), wish, best.hear, best)
        if why == "interrupted" or why.startswith("its memory"):
            return why
        if best.gap() <= settings.gap or hunt.left_s < 0:
            break
    return ""


def _complete(best: Incumbent, hunt: Hunt) -> str:
    """Everything else, less what cannot be part of a better plan: its bound is the model's bound."""
    left_s, priced = hunt.left_s, hunt.generation.priced
    if left_s < 0.5:
        return "its time limit"
    # A decision that costs more than the best plan leaves over the bound is fixed, exactly.
    spare = best.objective - hunt.generation.bound
    lower = (priced.gap_off > spare).astype(float)
    upper = (priced.gap_on <= spare).astype(float)

    def hear(objective: float | None, proven: float | None) -> None:
        if proven is not None:
            best.bound = max(best.bound, min(proven, best.objective))
        best.hear(objective, None)

    wish = replace(hunt.settings, seconds=left_s)
    found, why = hunt.search(hunt.narrowed(lower, np.maximum(upper, lower)), wish, hear, best)
    if found.end == "infeasible":
        # Nothing is left below the best plan; without any plan, nothing obeys the rules at all.
        best.bound = best.objective
    best.bound = max(best.bound, min(found.bound, best.objective))
    return why or ("its time limit" if best.gap() > hunt.settings.gap else "")


def _neighbourhood(parts: Split, generation: Generation, dearer: float, values: Floats | None) -> tuple[Floats, Floats]:
    """Per unit and step, whether some schedule of the neighbourhood is off, and whether some is on."""
    shape = parts.decisions["on"].shape
    lower, upper = np.ones(shape), np.zeros(shape)
    if dearer > 0:
        upper = np.maximum(upper, generation.priced.gap_on <= dearer)
        lower = np.minimum(lower, generation.priced.gap_off > dearer)
    patterns = generation.master.patterns
    for number in np.flatnonzero(generation.master.weights() > 1e-6).tolist():
        unit, on = patterns.unit[number], patterns.on[number]
        lower[unit], upper[unit] = np.minimum(lower[unit], on), np.maximum(upper[unit], on)
    if values is not None:
        known = np.round(values[parts.decisions["on"]])
        lower, upper = np.minimum(lower, known), np.maximum(upper, known)
    return lower, upper


def _with_commitment(matrix: Matrix, parts: Split, lower: Floats, upper: Floats) -> Matrix:
    columns: NDArray[np.int64] = parts.decisions["on"]
    low, high = matrix.lower.copy(), matrix.upper.copy()
    low[columns] = np.maximum(low[columns], lower)
    high[columns] = np.minimum(high[columns], upper)
    # A schedule that the data fix stays as they fix it.
    high[columns] = np.maximum(high[columns], low[columns])
    return replace(matrix, lower=low, upper=high)
