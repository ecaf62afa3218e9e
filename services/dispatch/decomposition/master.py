"""The master linear programme: all other kinds as they are, and one weight per unit and schedule."""

from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.dispatch.decomposition.split import Schedules, Split, link_entries

PRIMAL_SIMPLEX = 4


class Master:
    """A linear programme that stays loaded while schedules are added to it.

    Rows under stabilisation carry a slack each way, whose costs keep their prices in a box around a centre.
    """

    def __init__(self, parts: Split, units: int, boxed: NDArray[np.int64]):
        matrix, rows = parts.matrix, parts.master_rows
        self.parts, self.units, self.boxed = parts, units, boxed
        self.lower, self.upper = matrix.row_lower[rows], matrix.row_upper[rows]
        self.solver = highspy.Highs()
        highspy.Highs.resetGlobalScheduler(True)
        for name, value in {"output_flag": False, "threads": 1}.items():
            self.solver.setOptionValue(name, value)
        ones = np.ones(units)
        empty = np.zeros(0, np.int32)
        self.solver.addRows(
            len(rows) + units, np.r_[self.lower, ones], np.r_[self.upper, ones],
            0, np.zeros(len(rows) + units, np.int32), empty, np.zeros(0),
        )  # fmt: skip
        kept = parts.links[:, parts.kept].tocsc()
        self._add(matrix.cost[parts.kept], matrix.lower[parts.kept], matrix.upper[parts.kept],
                  kept.indptr[:-1], kept.indices, kept.data)  # fmt: skip
        self.slacks = self._add_slacks()
        self.first_schedule = self.solver.getNumCol()
        self.schedules: list[tuple[NDArray[np.int64], Floats]] = []

    def _add(
        self, cost: Floats, lower: Floats, upper: Floats, starts: NDArray[Any], rows: NDArray[Any], values: Floats
    ) -> None:
        self.solver.addCols(
            len(cost), np.ascontiguousarray(cost), np.ascontiguousarray(lower), np.ascontiguousarray(upper),
            len(values), starts.astype(np.int32), rows.astype(np.int32), np.ascontiguousarray(values, dtype=float),
        )  # fmt: skip

    def _add_slacks(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        count, found = len(self.boxed), []
        for sign in (1.0, -1.0):
            first = self.solver.getNumCol()
            self._add(np.zeros(count), np.zeros(count), np.full(count, np.inf), np.arange(count), self.boxed,
                      np.full(count, sign))  # fmt: skip
            found.append(np.arange(first, first + count, dtype=np.int32))
        return found[0], found[1]

    def centre(self, prices: Floats, width: Floats) -> None:
        """Put the box of prices around a centre."""
        count = len(self.boxed)
        for columns, cost in zip(self.slacks, (prices + width, width - prices), strict=True):
            self.solver.changeColsCost(count, columns, np.ascontiguousarray(cost))

    def add(self, schedules: Schedules, units: NDArray[np.int64]) -> None:
        """New schedules of these units."""
        starts, rows, values = link_entries(self.parts, schedules, units)
        counts = np.diff(np.r_[starts, len(rows)])
        # Every schedule also counts once for its unit; entries stay ordered by schedule.
        order = np.argsort(np.r_[np.repeat(np.arange(len(units)), counts), np.arange(len(units))], kind="stable")
        all_rows = np.r_[rows, len(self.parts.master_rows) + units][order]
        all_values = np.r_[values, np.ones(len(units))][order]
        count = len(units)
        self._add(schedules.cost[units], np.zeros(count), np.full(count, np.inf),
                  np.r_[0, np.cumsum(counts + 1)[:-1]], all_rows, all_values)  # fmt: skip
        self.schedules.append((units, schedules.on[units].astype(np.int8)))

    def solve(self) -> tuple[float, Floats, float]:
        """Objective, prices of the master's rows, and how much slack the box still takes."""
        self.solver.run()
        # From here on only columns and costs change: the basis stays primal feasible.
        self.solver.setOptionValue("simplex_strategy", PRIMAL_SIMPLEX)
        solution = self.solver.getSolution()
        values = np.array(solution.col_value)
        prices = np.array(solution.row_dual)[: len(self.parts.master_rows)]
        slack = float(max((np.abs(values[columns]).max(initial=0.0) for columns in self.slacks), default=0.0))
        self.values = values
        return float(self.solver.getInfo().objective_function_value), prices, slack

    def signed(self, prices: Floats) -> Floats:
        """Prices with the sign that their row allows: rounding must not make a bound infinite."""
        least = np.where(np.isfinite(self.upper), -np.inf, 0.0)
        most = np.where(np.isfinite(self.lower), np.inf, 0.0)
        allowed: Floats = np.clip(prices, least, most)
        return allowed

    def rest_value(self, prices: Floats) -> float:
        """The part of the Lagrangian value that does not depend on thermal schedules; -inf where unbounded."""
        parts = self.parts
        kept = parts.kept
        reduced = parts.matrix.cost[kept] - (parts.links.T @ prices)[kept]
        reduced[np.abs(reduced) < 1e-7] = 0.0
        lower, upper = parts.matrix.lower[kept], parts.matrix.upper[kept]
        at = np.where(reduced > 0, lower, np.where(reduced < 0, upper, 0.0))
        rows = np.where(prices > 0, self.lower, np.where(prices < 0, self.upper, 0.0))
        terms = reduced @ np.where(reduced == 0, 0.0, at) if np.isfinite(at).all() else -np.inf
        return float(terms + prices @ rows + parts.matrix.offset)

    def weights(self) -> list[tuple[NDArray[np.int64], Floats, Floats]]:
        """Every batch of schedules: units, commitments, weights in the last solution."""
        found, first = [], self.first_schedule
        for units, on in self.schedules:
            found.append((units, on, self.values[first : first + len(units)]))
            first += len(units)
        return found
