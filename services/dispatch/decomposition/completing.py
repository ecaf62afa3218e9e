"""The whole plan at a commitment that the master suggests: every other kind decides as the master's solution does."""

from dataclasses import replace

import numpy as np

from grid_models.quantities import Floats
from services.dispatch.decomposition.split import Split
from services.dispatch.model import Matrix
from services.dispatch.solve.guarded import INTERRUPTED, guarded_search, quiet
from services.dispatch.solve.highs import Outcome, Settings
from services.dispatch.solve.rounding import WHOLE, whole_dispatch


def completed(
    matrix: Matrix, parts: Split, on: Floats, others: Floats, settings: Settings, memory_limit_mb: float | None
) -> Outcome | None:
    """The cheapest plan at this commitment (units x steps); None where none was found in time.

    Yes-or-no decisions of other kinds stay where the master has whole numbers and take a neighbour where it has not.
    """
    lower, upper = matrix.lower.copy(), matrix.upper.copy()
    _follow(lower, upper, parts, on)
    narrowed = with_others(replace(matrix, lower=lower, upper=upper), parts, others)
    lower, upper = narrowed.lower, narrowed.upper
    if not (matrix.integer & (parts.owner < 0) & (lower < upper)).any():
        open_ = matrix.integer & (lower < upper)
        found = whole_dispatch(narrowed, lower, open_, settings.seconds)
        if found is not None:
            return found
    found, why = guarded_search(narrowed, settings, quiet, None, memory_limit_mb)
    if why == INTERRUPTED:
        raise KeyboardInterrupt
    return found if found.values is not None else None


def _follow(lower: Floats, upper: Floats, parts: Split, on: Floats) -> None:
    """Fix on, start and stop; the state before the horizon is in the matrix's own rows, so its step stays open."""
    change = np.diff(on, axis=1)
    for name, values in (("start", np.maximum(change, 0.0)), ("stop", np.maximum(-change, 0.0))):
        columns = parts.decisions[name][:, 1:]
        lower[columns] = upper[columns] = values
    columns = parts.decisions["on"]
    lower[columns] = upper[columns] = np.clip(on, lower[columns], upper[columns])


def with_others(matrix: Matrix, parts: Split, values: Floats) -> Matrix:
    """The problem with other kinds' whole numbers at their values, or between the neighbours of these."""
    columns = np.flatnonzero(matrix.integer & (parts.owner < 0))
    value = values[columns]
    near = np.abs(value - np.round(value)) < WHOLE
    low, high = np.where(near, np.round(value), np.floor(value)), np.where(near, np.round(value), np.ceil(value))
    lower, upper = matrix.lower.copy(), matrix.upper.copy()
    lower[columns], upper[columns] = np.maximum(lower[columns], low), np.minimum(upper[columns], high)
    return replace(matrix, lower=lower, upper=upper)
