"""The master linear programme: the linking rows, and one weight per unit (or block) and schedule."""

import time
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.dispatch.decomposition.split import Schedules, Split, link_entries

DUAL_SIMPLEX, PRIMAL_SIMPLEX = 1, 4
ROUNDING = 1e-7
"""Of a price."""


class Patterns:
    """The commitments that schedules in the master have: one number per unit and commitment."""

    def __init__(self) -> None:
        self.number: dict[tuple[int, bytes], int] = {}
        self.unit: list[int] = []
        self.on: list[NDArray[np.int8]] = []
        self._of_schedule: list[NDArray[np.int64]] = []

    def note(self, units: NDArray[np.int64], on: NDArray[np.int8]) -> None:
        """Schedules of these units, one commitment each, come behind those that are known."""
        numbers = np.zeros(len(units), np.int64)
        for row, unit in enumerate(units.tolist()):
            numbers[row] = self.number.setdefault((unit, on[row].tobytes()), len(self.unit))
            if numbers[row] == len(self.unit):
                self.unit.append(unit)
                self.on.append(on[row])
        self._of_schedule.append(numbers)

    @property
    def of_schedule(self) -> NDArray[np.int64]:
        """Of every schedule, the number of its pattern."""
        return np.concatenate([np.zeros(0, np.int64), *self._of_schedule])


class Master:
    """A linear programme that stays loaded while schedules are added to it.

    Rows under stabilisation carry a slack each way, whose costs keep their prices in a box around a centre.
    """

    def __init__(self, parts: Split, boxed: NDArray[np.int64], counts: Floats):
        matrix, rows = parts.matrix, parts.master_rows
        units = parts.units + len(parts.blocks)
        self.parts, self.units, self.boxed = parts, units, boxed
        self.lower, self.upper = matrix.row_lower[rows], matrix.row_upper[rows]
        self.solver = highspy.Highs()
        highspy.Highs.resetGlobalScheduler(True)
        for name, value in {"output_flag": False, "threads": 1}.items():
            self.solver.setOptionValue(name, value)
        self.solver.changeObjectiveOffset(float(matrix.offset))
        empty = np.zeros(0, np.int32)
        self.solver.addRows(
            len(rows) + units, np.r_[self.lower, counts], np.r_[self.upper, counts],
            0, np.zeros(len(rows) + units, np.int32), empty, np.zeros(0),
        )  # fmt: skip
        kept = parts.links[:, parts.kept].tocsc()
        self._add(matrix.cost[parts.kept], matrix.lower[parts.kept], matrix.upper[parts.kept],
                  kept.indptr[:-1], kept.indices, kept.data)  # fmt: skip
        self.slacks = self._add_slacks()
        self.first_schedule = self.solver.getNumCol()
        self.patterns = Patterns()
        self._blocks: list[tuple[int, int, Floats]] = []
        """Of blocks' schedules: the column of the weight, the block, and its part of the matrix's columns."""
        self.values: Floats = np.zeros(0)

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
        count, first = len(units), self.solver.getNumCol()
        self._add(schedules.cost[units], np.zeros(count), np.full(count, np.inf),
                  np.r_[0, np.cumsum(counts + 1)[:-1]], all_rows, all_values)  # fmt: skip
        self.patterns.note(units, schedules.on[units].astype(np.int8))
        for place, party in enumerate(units.tolist()):
            if party >= self.parts.units:
                number = party - self.parts.units
                self._blocks.append((first + place, number, schedules.values[self.parts.blocks[number].columns]))

    def solve(self, deadline: float) -> bool:
        """Solve from the last basis; whether it came to the optimum before the deadline."""
        # Only columns and costs change, so the basis stays primal feasible; at first there is none.
        self.solver.setOptionValue("simplex_strategy", PRIMAL_SIMPLEX if self.values.size else DUAL_SIMPLEX)
        left_s = max(deadline - time.monotonic(), 0.01)
        self.solver.setOptionValue("time_limit", float(self.solver.getRunTime() + left_s))
        self.solver.run()
        if self.solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return False
        solution = self.solver.getSolution()
        self.values = np.array(solution.col_value)
        self.objective = float(self.solver.getInfo().objective_function_value)
        duals = np.array(solution.row_dual)
        self.prices, self.worth = np.split(duals, [len(self.parts.master_rows)])
        return True

    @property
    def slack(self) -> Floats:
        """How much the box still takes, by boxed row."""
        used: Floats = np.abs(self.values[self.slacks[0]]) + np.abs(self.values[self.slacks[1]])
        return used

    @property
    def kept_values(self) -> Floats:
        """What the master's own columns are in the last solution."""
        return self.values[: len(self.parts.kept)]

    def others(self) -> Floats:
        """Every column of the matrix in the last solution, except those of thermal units."""
        values = np.zeros(self.parts.matrix.shape[1])
        values[self.parts.kept] = self.kept_values
        for column, number, schedule in self._blocks:
            if column < len(self.values) and self.values[column] > 0:
                values[self.parts.blocks[number].columns] += self.values[column] * schedule
        return values

    def weights(self) -> Floats:
        """The weight of every pattern in the last solution."""
        of_schedule = self.patterns.of_schedule
        last = self.values[self.first_schedule :]
        known = np.zeros(len(of_schedule))
        known[: len(last)] = last
        total = np.bincount(of_schedule, weights=np.maximum(known, 0.0), minlength=len(self.patterns.unit))
        return total.astype(float)

    def heaviest(self) -> dict[int, NDArray[np.int8]]:
        """By unit, the commitment that it mainly follows in the last solution."""
        order = np.argsort(self.weights(), kind="stable").tolist()
        return {self.patterns.unit[number]: self.patterns.on[number] for number in order}

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
        lower, upper = parts.matrix.lower[kept], parts.matrix.upper[kept]
        at = np.where(reduced > 0, lower, np.where(reduced < 0, upper, 0.0))
        # Where there is no limit, a price off by rounding must not make the value infinite.
        at[~np.isfinite(at) & (np.abs(reduced) < ROUNDING)] = 0.0
        rows = np.where(prices > 0, self.lower, np.where(prices < 0, self.upper, 0.0))
        terms = reduced @ at if np.isfinite(at).all() else -np.inf
        return float(terms + prices @ rows + parts.matrix.offset)
