"""From the bound to a plan: searches over the few decisions that the prices leave open.

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
from services.dispatch.decomposition.generation import Bound, generate
from services.dispatch.decomposition.split import Split
from services.dispatch.decomposition.strengthening import with_class_counts
from services.dispatch.fallback import standing_still
from services.dispatch.model import Matrix
from services.dispatch.solve.guarded import Start, guarded_search
from services.dispatch.solve.highs import End, Outcome, Settings

NEIGHBOURHOODS = (0.0, 5e-5, 3e-4)
"""How much dearer than the bound, relative, a schedule may be to take part in a restricted search."""
BOUND_SHARE = 0.4
"""Of the time, what the bound may take."""
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

    def hear(self, objective: float | None, _: float | None) -> None:
        best = min(self.objective, np.inf if objective is None else objective)
        self.tell(best if np.isfinite(best) else None, self.bound)

    def take(self, found: Outcome) -> None:
        if found.values is not None and found.objective < self.objective:
            self.objective, self.values = found.objective, found.values
            self.tell(self.objective, self.bound)

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
    bound: Bound
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
    deadline = time.monotonic() + settings.seconds
    bound = generate(case, parts, settings.seconds * BOUND_SHARE, lambda value: tell(None, value))
    best = Incumbent(tell, bound.value)
    tell(None, bound.value)
    if matrix.integer[parts.kept].any():
        # Where other kinds decide too, a plan that lets them rest comes sooner than any search.
        _round(best, matrix, parts, bound, settings)
    hunt = Hunt(case, matrix, parts, bound, settings, deadline, memory_limit_mb)
    why = _restricted(best, hunt)
    if best.gap() > settings.gap and not why:
        why = _complete(best, hunt)
    if best.values is None and best.bound == np.inf:
        return Outcome("infeasible", np.inf, np.inf, None), ""
    if best.values is None:
        _round(best, matrix, parts, bound, settings)
    end: End = "optimal" if best.gap() <= settings.gap else "stopped"
    lower = min(best.bound, best.objective)
    return Outcome(end, best.objective, lower, best.values), why if end == "stopped" else ""


def _round(best: Incumbent, matrix: Matrix, parts: Split, bound: Bound, settings: Settings) -> None:
    found = standing_still(matrix, _rounded(parts, bound, matrix), settings)
    if found is not None:
        best.take(found)


def _rounded(parts: Split, bound: Bound, matrix: Matrix) -> Start:
    """Of every unit the schedule with the largest weight in the master; more hours on where weights tie."""
    columns = parts.decisions["on"]
    best, on = np.full(len(columns), -1.0), np.zeros(columns.shape)
    for units, schedules, weights in bound.master.weights():
        score = weights + 1e-3 * schedules.mean(axis=1) * (weights > 1e-6)
        better = score > best[units]
        on[units[better]], best[units[better]] = schedules[better], score[better]
    places = columns.ravel().astype(np.int32)
    return places, np.clip(on.ravel(), matrix.lower[places], matrix.upper[places])


def _of_matrix(found: Outcome, matrix: Matrix) -> Outcome:
    """The outcome in the columns of the matrix alone, without the counts behind them."""
    return found if found.values is None else replace(found, values=found.values[: matrix.shape[1]])


def _restricted(best: Incumbent, hunt: Hunt) -> str:
    """Searches over growing neighbourhoods of the master's schedules, each from the best plan so far."""
    settings, bound = hunt.settings, hunt.bound
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
        lower, upper = _neighbourhood(hunt.parts, bound, width * abs(bound.value), best.values)
        _, why = hunt.search(hunt.narrowed(lower, upper), wish, best.hear, best)
        if why == "interrupted" or why.startswith("its memory"):
            return why
        if best.gap() <= settings.gap or hunt.left_s < 0:
            break
    return ""


def _complete(best: Incumbent, hunt: Hunt) -> str:
    """Everything else, less what cannot be part of a better plan: its bound is the model's bound."""
    left_s, priced = hunt.left_s, hunt.bound.priced
    if left_s < 0.5:
        return "its time limit"
    # A decision that costs more than the best plan leaves over the bound is fixed, exactly.
    spare = best.objective - hunt.bound.value
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


def _neighbourhood(parts: Split, bound: Bound, dearer: float, values: Floats | None) -> tuple[Floats, Floats]:
    """Per unit and step, whether some schedule of the neighbourhood is off, and whether some is on."""
    shape = parts.decisions["on"].shape
    lower, upper = np.ones(shape), np.zeros(shape)
    if dearer > 0:
        upper = np.maximum(upper, bound.priced.gap_on <= dearer)
        lower = np.minimum(lower, bound.priced.gap_off > dearer)
    for units, on, weights in bound.master.weights():
        used = weights > 1e-6
        np.minimum.at(lower, units[used], on[used])
        np.maximum.at(upper, units[used], on[used])
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
