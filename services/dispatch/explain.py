"""Why no schedule obeys all the data, in a planner's words."""

from typing import Any

import numpy as np

from services.dispatch.model import Matrix
from services.dispatch.solve.highs import loaded

MOST_NAMED = 8


def why_infeasible(matrix: Matrix) -> str:
    """The rules that cannot hold together, by resource and step, as far as the linear rules alone show them."""
    solver = loaded(matrix, relaxed=True)
    solver.setOptionValue("iis_strategy", 6)
    status, conflict = solver.getIis()
    del status
    rows, columns = _members(conflict)
    named = [matrix.row_names[row] for row in rows[:MOST_NAMED]]
    named += [f"limits of {matrix.column_names[column]}" for column in columns[: max(0, MOST_NAMED - len(named))]]
    if not named:
        return (
            "no schedule obeys every rule, though each limit alone can be met: look at minimum times, calls and "
            "modes fixed together with energy or fuel limits"
        )
    more = len(rows) + len(columns) - len(named)
    listed = "; ".join(named) + (f"; and {more} more" if more > 0 else "")
    return f"no schedule obeys all of these together: {listed}. Relax one of them"


def _members(conflict: Any) -> tuple[list[int], list[int]]:
    rows, columns = (np.asarray(found, dtype=int).tolist() for found in (conflict.row_index_, conflict.col_index_))
    return rows, columns
