"""Integer counts by class of unit, and what all units together must be able to do.

In a small fleet the relaxed problem runs fractions of large units. Counting the units of one size that are on, start
and stop, and writing the system's capacity on those counts, gives branch and bound whole numbers to cut on. The rows
are sums of rows that the matrix already has, so no plan is lost.
"""

from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, hstack, vstack

from grid_models.case import Case
from grid_models.quantities import Floats
from grid_models.resources import ThermalUnit
from services.dispatch.balance import BALANCE
from services.dispatch.decomposition.split import Split
from services.dispatch.formulations.thermal import Limits, fleet_limits
from services.dispatch.model import Matrix
from services.dispatch.reserves import REQUIREMENT

MOST_UNITS = 200
"""Above this the relaxed problem is near enough to whole numbers."""
COUNTED = ("on", "start", "stop")


@dataclass(frozen=True)
class Counts:
    """The new columns: by class, decision and step, behind the matrix's own."""

    classes: list[NDArray[np.int64]]
    """Units of one minimum and one maximum."""
    first: int
    steps: int

    @property
    def width(self) -> int:
        return len(self.classes) * len(COUNTED) * self.steps

    def columns(self, number: int, decision: str) -> NDArray[np.int64]:
        begin = self.first + (number * len(COUNTED) + COUNTED.index(decision)) * self.steps
        return np.arange(begin, begin + self.steps)


def is_small(case: Case) -> bool:
    """Whether the fleet is so small that single units make the relaxed problem coarse."""
    return sum(isinstance(unit, ThermalUnit) for unit in case.everything) <= MOST_UNITS


def capacity_mw(case: Case) -> Floats:
    """What each thermal unit can give in each step."""
    limits = fleet_limits([unit for unit in case.everything if isinstance(unit, ThermalUnit)], case)
    return np.broadcast_to(limits.min_mw + limits.room_mw, (len(limits.min_mw), case.steps))


def with_class_counts(case: Case, matrix: Matrix, parts: Split) -> Matrix:
    """The matrix with its class counts; as it is, where the fleet is large or the classes have one unit each."""
    if not is_small(case):
        return matrix
    units = [unit for unit in case.everything if isinstance(unit, ThermalUnit)]
    limits = fleet_limits(units, case)
    counts = Counts(_classes(limits), matrix.shape[1], case.steps)
    if max(len(members) for members in counts.classes) < 2:
        return matrix
    linked = _counting_rows(parts, counts)
    capacity, needed = _system_row(case, matrix, parts, counts, limits, up=True)
    minimum, room = _system_row(case, matrix, parts, counts, limits, up=False)
    extra = counts.width
    empty = csr_array((matrix.shape[0], extra))
    sizes = np.concatenate([np.full(len(COUNTED) * counts.steps, float(len(members))) for members in counts.classes])
    return replace(
        matrix,
        cost=np.r_[matrix.cost, np.zeros(extra)],
        lower=np.r_[matrix.lower, np.zeros(extra)],
        upper=np.r_[matrix.upper, sizes],
        integer=np.r_[matrix.integer, np.ones(extra, bool)],
        rows=csr_array(vstack([hstack([matrix.rows, empty]), linked, capacity, minimum])),
        row_lower=np.r_[matrix.row_lower, np.zeros(linked.shape[0]), needed, np.full(counts.steps, -np.inf)],
        row_upper=np.r_[matrix.row_upper, np.zeros(linked.shape[0]), np.full(counts.steps, np.inf), room],
    )


def _classes(limits: Limits) -> list[NDArray[np.int64]]:
    groups: dict[tuple[float, float], list[int]] = defaultdict(list)
    for row, (low, room) in enumerate(zip(limits.min_mw.ravel(), limits.room_mw.ravel(), strict=True)):
        groups[low, room].append(row)
    return [np.array(members) for members in groups.values()]


def _counting_rows(parts: Split, counts: Counts) -> csr_array:
    """Each count is the sum over its class."""
    rows, columns, values = [], [], []
    number = 0
    for index, members in enumerate(counts.classes):
        for decision in COUNTED:
            row = number + np.arange(counts.steps)
            mine = parts.decisions[decision][members]
            rows += [row, np.tile(row, len(members))]
            columns += [counts.columns(index, decision), mine.ravel()]
            values += [-np.ones(counts.steps), np.ones(mine.size)]
            number += counts.steps
    shape = (number, counts.first + counts.width)
    return csr_array(coo_array((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape))


def _system_row(
    case: Case, matrix: Matrix, parts: Split, counts: Counts, limits: Limits, up: bool
) -> tuple[csr_array, Floats]:
    """Per step, balance (and up-requirements) with each unit at the most, or the least, that its counts allow."""
    families = [family for family in matrix.row_names.families if family.name in _names(case, up)]
    chosen = [family for family in families if family.kind == "zone" or _is_up(case, family.kind)] if up else families
    summed = coo_array((counts.steps, matrix.shape[1]))
    limit = np.zeros(counts.steps)
    for family in chosen:
        for member in range(family.shape[0]):
            rows = family.first + member * counts.steps + np.arange(counts.steps)
            summed = summed + matrix.rows[rows]
            limit += matrix.row_lower[rows]
    others = coo_array(summed)
    kept = parts.owner[others.col] < 0
    rest = coo_array((others.data[kept], (others.row[kept], others.col[kept])), (counts.steps, matrix.shape[1]))
    return csr_array(hstack([rest, _by_class(counts, limits, up)])), limit


def _names(case: Case, up: bool) -> tuple[str, ...]:
    return (BALANCE, REQUIREMENT) if up and case.reserves else (BALANCE,)


def _is_up(case: Case, kind: str) -> bool:
    # What may be held from off says nothing of the capacity that is on.
    spinning = (product for product in case.reserves if product.up and product.product != "non_spinning")
    return any(kind == f"reserve {product.name}" for product in spinning)


def _by_class(counts: Counts, limits: Limits, up: bool) -> csr_array:
    """What the counts of a class contribute: capacity less what starts and stops leave out, or minimum output."""
    step = np.arange(counts.steps)
    rows, columns, values = [], [], []

    def put(row: NDArray[np.int64], column: NDArray[np.int64], value: float) -> None:
        rows.append(row)
        columns.append(column - counts.first)
        values.append(np.full(row.size, value))

    for number, members in enumerate(counts.classes):
        low, room = float(limits.min_mw[members[0], 0]), float(limits.room_mw[members[0], 0])
        put(step, counts.columns(number, "on"), low + room if up else low)
        if not up:
            continue
        lost_by_start = float(np.maximum(room - limits.start_mw[members], 0).min())
        put(step, counts.columns(number, "start"), -lost_by_start)
        if (limits.min_up[members] >= 2).all():
            lost_by_stop = float(np.maximum(room - limits.stop_mw[members], 0).min())
            put(step[:-1], counts.columns(number, "stop")[1:], -lost_by_stop)
    return csr_array(
        coo_array(
            (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), (counts.steps, counts.width)
        )
    )
