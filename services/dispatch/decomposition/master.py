"""The master linear programme: the linking rows, and a weight per group of parties and what they did together."""

import time
from dataclasses import replace
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.dispatch.decomposition.following import Followed, Mixture, Patterns, mixed
from services.dispatch.decomposition.split import Schedules, Split, link_entries

DUAL_SIMPLEX, PRIMAL_SIMPLEX = 1, 4
ROUNDING = 1e-7
"""Of a price."""
AMISS = 1e6
"""What a unit costs by which a row is missed that nothing can meet yet: a day's energy, for one. Dearer than any
shortage that it could spare."""


class Master:
    """A linear programme that stays loaded while schedules are added to it.

    Rows under stabilisation carry a slack each way, whose costs keep their prices in a box around a centre.
    """

    def __init__(self, parts: Split, boxed: NDArray[np.int64], counts: Floats, group: NDArray[np.int64], given: Floats):
        matrix, rows = parts.matrix, parts.master_rows
        self.parts, self.boxed, self.counts, self.group = parts, boxed, counts, group
        self.given = given
        """What those do who have no part here, of all columns of the matrix."""
        taken = parts.links @ given
        self.lower, self.upper = matrix.row_lower[rows] - taken, matrix.row_upper[rows] - taken
        self.offset = float(matrix.offset + matrix.cost @ given)
        present = (np.bincount(group, counts) > 0).astype(float)
        self.solver = highspy.Highs()
        highspy.Highs.resetGlobalScheduler(True)
        for name, value in {"output_flag": False, "threads": 1}.items():
            self.solver.setOptionValue(name, value)
        self.solver.changeObjectiveOffset(self.offset)
        empty = np.zeros(0, np.int32)
        self.solver.addRows(
            len(rows) + len(present), np.r_[self.lower, present], np.r_[self.upper, present],
            0, np.zeros(len(rows) + len(present), np.int32), empty, np.zeros(0),
        )  # fmt: skip
        kept = parts.links[:, parts.kept].tocsc()
        self._add(matrix.cost[parts.kept], matrix.lower[parts.kept], matrix.upper[parts.kept],
                  kept.indptr[:-1], kept.indices, kept.data)  # fmt: skip
        self.slacks = self._add_slacks(boxed, np.zeros(len(boxed)))
        self.forgiving = False
        """Whether rows may be missed, at a price."""
        self.patterns = Patterns()
        self.followed: list[Followed] = []
        self.values: Floats = np.zeros(0)

    def _add(
        self, cost: Floats, lower: Floats, upper: Floats, starts: NDArray[Any], rows: NDArray[Any], values: Floats
    ) -> None:
        self.solver.addCols(
            len(cost), np.ascontiguousarray(cost), np.ascontiguousarray(lower), np.ascontiguousarray(upper),
            len(values), starts.astype(np.int32), rows.astype(np.int32), np.ascontiguousarray(values, dtype=float),
        )  # fmt: skip

    def _add_slacks(self, rows: NDArray[np.int64], cost: Floats) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        count, found = len(rows), []
        for sign in (1.0, -1.0):
            first = self.solver.getNumCol()
            self._add(cost, np.zeros(count), np.full(count, np.inf), np.arange(count), rows,
                      np.full(count, sign))  # fmt: skip
            found.append(np.arange(first, first + count, dtype=np.int32))
        return found[0], found[1]

    def centre(self, prices: Floats, width: Floats) -> None:
        """Put the box of prices around a centre."""
        count = len(self.boxed)
        for columns, cost in zip(self.slacks, (prices + width, width - prices), strict=True):
            self.solver.changeColsCost(count, columns, np.ascontiguousarray(cost))

    def add(self, schedules: Schedules, groups: NDArray[np.int64]) -> None:
        """What all members of these groups do, one column for each."""
        place_of_group = np.full(int(self.group.max()) + 1, -1)
        place_of_group[groups] = np.arange(len(groups))
        place = np.where(self.counts > 0, place_of_group[self.group], -1)
        starts, rows, values = link_entries(self.parts, schedules.values, place, self.counts)
        counts = np.diff(np.r_[starts, len(rows)])
        # Every column also counts once for its group; entries stay ordered by column.
        order = np.argsort(np.r_[np.repeat(np.arange(len(groups)), counts), np.arange(len(groups))], kind="stable")
        all_rows = np.r_[rows, len(self.parts.master_rows) + groups][order]
        all_values = np.r_[values, np.ones(len(groups))][order]
        count, first, members = len(groups), self.solver.getNumCol(), np.flatnonzero(place >= 0)
        # Schedules may be of thermal units alone.
        own_cost = np.r_[schedules.cost, np.zeros(len(self.counts) - len(schedules.cost))]
        cost = np.bincount(place[members], (self.counts * own_cost)[members], minlength=count).astype(float)
        self._add(cost, np.zeros(count), np.full(count, np.inf),
                  np.r_[0, np.cumsum(counts + 1)[:-1]], all_rows, all_values)  # fmt: skip
        self._note(replace(schedules, cost=own_cost), np.where(place >= 0, first + place, -1))

    def _note(self, schedules: Schedules, column: NDArray[np.int64]) -> None:
        units = np.flatnonzero(column[: self.parts.units] >= 0)
        self.patterns.note(units, schedules.on[units].astype(np.int8), column[units])
        owner = self.parts.party
        places = np.flatnonzero((schedules.values != 0) & (owner >= 0) & (column[owner] >= 0)).astype(np.int32)
        self.followed.append(Followed(column, places, schedules.values[places], schedules.cost))

    def again(self, other: "Master") -> None:
        """What is followed in the last solution of another master, by those who have a part in this one."""
        decided = self.parts.decisions["on"]
        for one in other.followed:
            present = (one.weights(other.values) > 0) & (self.counts > 0)
            if present.any():
                values = np.zeros(self.parts.matrix.shape[1])
                values[one.places] = one.values
                on = np.vstack([values[decided], np.zeros((len(self.parts.blocks), decided.shape[1]))])
                self.add(Schedules(values, on, one.cost), np.unique(self.group[present]))

    def without_box(self, deadline: float) -> bool:
        """Solve it as it is, so that its solution obeys every row; whether that came to the optimum."""
        both, count = np.concatenate(self.slacks), 2 * len(self.boxed)
        self.solver.changeColsBounds(count, both, np.zeros(count), np.zeros(count))
        solved = self.solve(deadline)
        self.solver.changeColsBounds(count, both, np.zeros(count), np.full(count, np.inf))
        return solved

    def solve(self, deadline: float) -> bool:
        """Solve from the last basis; whether it came to the optimum before the deadline.

        Where the schedules of now cannot meet a row, it may be missed from then on.
        """
        if self._run(deadline) == highspy.HighsModelStatus.kInfeasible and not self.forgiving:
            self._forgive()
            self._run(deadline)
        if self.solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return False
        solution = self.solver.getSolution()
        self.values = np.array(solution.col_value)
        self.objective = float(self.solver.getInfo().objective_function_value)
        duals = np.array(solution.row_dual)
        self.prices, self.worth = np.split(duals, [len(self.parts.master_rows)])
        return True

    def _forgive(self) -> None:
        self.forgiving = True
        others = np.setdiff1d(np.arange(len(self.parts.master_rows)), self.boxed)
        self._add_slacks(others, np.full(len(others), AMISS))

    def _run(self, deadline: float) -> Any:
        # Only columns and costs change, so the basis stays primal feasible; at first there is none.
        self.solver.setOptionValue("simplex_strategy", PRIMAL_SIMPLEX if self.values.size else DUAL_SIMPLEX)
        left_s = max(deadline - time.monotonic(), 0.01)
        self.solver.setOptionValue("time_limit", float(self.solver.getRunTime() + left_s))
        self.solver.run()
        return self.solver.getModelStatus()

    @property
    def slack(self) -> Floats:
        """How much the box still takes, by boxed row."""
        used: Floats = np.abs(self.values[self.slacks[0]]) + np.abs(self.values[self.slacks[1]])
        return used

    @property
    def kept_values(self) -> Floats:
        """What the master's own columns are in the last solution."""
        return self.values[: len(self.parts.kept)]

    def mixture(self) -> Mixture:
        """What every party does in the last solution, those included who have no part here."""
        found = mixed(self.followed, self.values, self.parts.party, self.parts.parties)
        party, paid = self.parts.party, self.parts.matrix.cost * self.given
        values = found.values + self.given
        values[self.parts.kept] = self.kept_values
        held = np.bincount(party[party >= 0], paid[party >= 0], minlength=self.parts.parties)
        return replace(found, values=values, cost=found.cost + held)

    def others(self) -> Floats:
        """Every column of the matrix in the last solution, except those of thermal units."""
        values: Floats = np.where(self.parts.owner < 0, self.mixture().values, 0.0)
        return values

    def weights(self) -> Floats:
        """The weight of every pattern in the last solution."""
        return self.patterns.weights(self.values)

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
        return float(terms + prices @ rows + self.offset)
