"""A fleet of one kind as arrays: one row per unit."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from grid_models.case import Case
from grid_models.quantities import Floats, per_step

Unit = TypeVar("Unit")


def column(units: Sequence[Unit], pick: Callable[[Unit], float | None], missing: float = np.inf) -> Floats:
    """One number per unit, as a column that spreads over the steps."""
    values = [missing if (value := pick(unit)) is None else value for unit in units]
    return np.array(values, dtype=float).reshape(-1, 1)


def series(units: Sequence[Unit], pick: Callable[[Unit], float | tuple[float, ...]], steps: int) -> Floats:
    """One number per unit and step."""
    return np.array([per_step(pick(unit), steps) for unit in units], dtype=float).reshape(len(units), steps)


def steps_in(case: Case, hours: Floats) -> NDArray[np.int64]:
    """Hours as whole steps, rounded up, at most the horizon; flat."""
    counts = np.ceil(np.minimum(hours, case.horizon.hours) / case.horizon.step_h - 1e-9)
    result: NDArray[np.int64] = counts.astype(np.int64).ravel()
    return result


def day_matrix(case: Case) -> NDArray[np.bool_]:
    """Which steps (columns) belong to which local day (rows)."""
    days = case.horizon.day_of_step
    result: NDArray[np.bool_] = days == np.arange(case.horizon.days)[:, None]
    return result
