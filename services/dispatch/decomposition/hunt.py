"""What all searches of one case share: the best plan and bound so far, and the problem that each of them gets."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from grid_models.case import Case
from grid_models.quantities import Floats
from services.dispatch.decomposition.aggregation import Aggregation
from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.split import Split
from services.dispatch.decomposition.strengthening import with_class_counts
from services.dispatch.model import Matrix
from services.dispatch.solve.guarded import Start
from services.dispatch.solve.highs import News, Outcome, Settings, dispatch

Tell = Callable[[float | None, float | None], None]
ROUNDING = 1e-7
"""Relative: what rounding leaves open in a price gap."""


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

    def take(self, found: Outcome) -> bool:
        """Whether this is a better plan; then it is the best."""
        if found.values is None or found.objective >= self.objective:
            return False
        self.objective, self.values, self.row_dual = found.objective, found.values, found.row_dual
        self.tell(self.objective, self.bound)
        return True

    def raise_bound(self, bound: float) -> None:
        self.bound = max(self.bound, bound)
        if np.isfinite(self.bound):
            self.hear(None, None)

    def enough(self, gap: float) -> float:
        """The bound that proves the best plan to within this gap."""
        return self.objective - gap * abs(self.objective) if np.isfinite(self.objective) else np.inf

    def gap(self) -> float:
        return (self.objective - self.bound) / abs(self.objective) if np.isfinite(self.objective) else np.inf


@dataclass(frozen=True)
class Hunt:
    """A case, what column generation knows of it, and how long the hunt may take."""

    case: Case
    matrix: Matrix
    parts: Split
    generation: Generation
    settings: Settings
    deadline: float
    memory_limit_mb: float | None
    aggregation: Aggregation
    """Which identical units a search takes for one."""

    @property
    def left_s(self) -> float:
        return self.deadline - time.monotonic()

    @property
    def apart(self) -> "Hunt":
        """The same with every unit for itself."""
        return replace(self, aggregation=Aggregation(self.parts, ()))

    def narrowed(self, lower: Floats, upper: Floats) -> Matrix:
        """The problem between two commitments (units x steps), with class counts, identical units as one."""
        between = with_commitment(self.matrix, self.parts, lower, upper)
        return self.aggregation.of(with_class_counts(self.case, between, self.parts))

    def below(self, cost: float) -> Matrix:
        """All that a plan of at most this cost may do, by the exact price gaps."""
        generation, priced = self.generation, self.generation.priced
        spare = cost - generation.bound + ROUNDING * abs(cost)
        lower, upper = (priced.gap_off > spare).astype(float), (priced.gap_on <= spare).astype(float)
        return self.narrowed(lower, np.maximum(upper, lower))

    def counted(self, narrowed: Matrix) -> Matrix:
        """The same with no whole numbers of thermal units but their class counts; as it is, where there are none."""
        own = self.aggregation.columns
        if len(own) == len(narrowed.cost):
            return narrowed
        integer = narrowed.integer.copy()
        integer[: len(own)] &= self.parts.owner[own] < 0
        return replace(narrowed, integer=integer)

    def start(self, values: Floats | None) -> Start | None:
        """The whole numbers of a plan, as a search of the aggregated problem takes them."""
        if values is None:
            return None
        together = self.aggregation.values(values)
        whole = np.flatnonzero(self.matrix.integer[self.aggregation.columns]).astype(np.int32)
        return whole, np.round(together[whole])

    def plan(self, found: News | Outcome) -> Outcome | None:
        """The plan by unit, exactly dispatched, of what a search has found."""
        if found.values is None or found.objective is None:
            return None
        # Behind the columns of the matrix stand the class counts.
        values = found.values[: len(self.aggregation.columns)]
        if not self.aggregation.groups:
            return Outcome("stopped", found.objective, -np.inf, values)
        return dispatch(self.matrix, self.aggregation.decisions(values), max(self.left_s, 1.0))


def with_commitment(matrix: Matrix, parts: Split, lower: Floats, upper: Floats) -> Matrix:
    """The problem between two commitments (units x steps), every unit for itself."""
    columns: NDArray[np.int64] = parts.decisions["on"]
    low, high = matrix.lower.copy(), matrix.upper.copy()
    # A schedule that the data fix stays as they fix it.
    low[columns] = np.clip(lower, low[columns], high[columns])
    high[columns] = np.clip(upper, low[columns], high[columns])
    return replace(matrix, lower=low, upper=high)
