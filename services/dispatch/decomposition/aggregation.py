"""Identical units as one: their columns are summed, so branch and bound need not tell them apart.

Units that are the same in every number of the matrix are interchangeable. The sum of their schedules obeys the rules
of one of them with every limit times their number, so the aggregated problem is a relaxation and its bound holds. On
the way back, who has stood off longest starts first and who has run longest stops first, as minimum times need it.
Source: Knueven, Ostrowski, Watson (2018), Exploiting identical generators in unit commitment,
doi 10.1109/TPWRS.2017.2783850.
"""

from collections import defaultdict, deque
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from grid_models.quantities import Floats
from services.dispatch.decomposition.split import Split
from services.dispatch.model import Matrix

Numbers = NDArray[np.int64]
SWITCHES = ("on", "start", "stop")


@dataclass(frozen=True)
class Group:
    """Interchangeable units; their columns and their rows correspond by place."""

    units: Numbers
    columns: Numbers
    """Units x own columns."""
    rows: Numbers
    """Units x own rows."""


@dataclass(frozen=True)
class Aggregation:
    """Which columns and rows of a matrix are left when each group is one unit."""

    parts: Split
    groups: tuple[Group, ...]

    @cached_property
    def columns(self) -> Numbers:
        """Of the matrix, the columns that are left: of each group those of its first unit."""
        left = np.ones(self.parts.matrix.shape[1], dtype=bool)
        for group in self.groups:
            left[group.columns[1:]] = False
        return np.flatnonzero(left)

    def of(self, matrix: Matrix) -> Matrix:
        """The matrix, narrowed and extended as it may be, with one unit in the place of each group."""
        if not self.groups:
            return matrix
        behind = np.arange(self.parts.matrix.shape[1], matrix.shape[1])
        columns, rows = np.r_[self.columns, behind], self._rows(matrix)
        return replace(
            matrix,
            cost=matrix.cost[columns],
            lower=self._summed(matrix.lower)[columns],
            upper=self._summed(matrix.upper)[columns],
            integer=matrix.integer[columns],
            rows=csr_array(matrix.rows[rows][:, columns]),
            row_lower=self._summed_rows(matrix.row_lower)[rows],
            row_upper=self._summed_rows(matrix.row_upper)[rows],
        )

    def values(self, whole: Floats) -> Floats:
        """Values of all columns of the matrix, as the aggregated problem has them."""
        return self._summed(whole)[self.columns]

    def decisions(self, values: Floats) -> Floats:
        """Values of all columns again: whole numbers by unit; what else a group decides is left at zero."""
        matrix, decisions = self.parts.matrix, self.parts.decisions
        found = np.zeros(matrix.shape[1])
        found[self.columns] = values
        for group in self.groups:
            together = [np.round(found[decisions[name][group.units[0]]]).astype(int) for name in SWITCHES]
            found[group.columns] = 0.0
            for name, own in zip(SWITCHES, in_turn(len(group.units), *together), strict=True):
                found[decisions[name][group.units]] = own
        return found

    def committed(self, values: Floats) -> Floats:
        """Who is on (units x steps) in whole values of the aggregated problem: the first of a group, as many as are."""
        found = np.zeros(self.parts.matrix.shape[1])
        found[self.columns] = values[: len(self.columns)]
        on: Floats = found[self.parts.decisions["on"]]
        for group in self.groups:
            on[group.units] = np.arange(len(group.units))[:, None] < on[group.units[0]]
        return on

    def _rows(self, matrix: Matrix) -> Numbers:
        left = np.ones(matrix.shape[0], dtype=bool)
        for group in self.groups:
            left[group.rows[1:]] = False
        return np.flatnonzero(left)

    def _summed(self, numbers: Floats) -> Floats:
        summed = numbers.copy()
        for group in self.groups:
            summed[group.columns[0]] = numbers[group.columns].sum(axis=0)
        return summed

    def _summed_rows(self, limits: Floats) -> Floats:
        summed = limits.copy()
        for group in self.groups:
            summed[group.rows[0]] = limits[group.rows].sum(axis=0)
        return summed


def in_turn(count: int, on: Numbers, start: Numbers, stop: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Who is on, starts and stops (units x steps), first in first out."""
    were_on = int(on[0] - start[0] + stop[0])
    running, standing = deque(range(were_on)), deque(range(were_on, count))
    found = np.zeros((3, count, len(on)), dtype=np.int64)
    for step in range(len(on)):
        starting = [standing.popleft() for _ in range(min(start[step], len(standing)))]
        stopping = [running.popleft() for _ in range(min(stop[step], len(running)))]
        running.extend(starting)
        standing.extend(stopping)
        found[0, list(running), step] = 1
        found[1, starting, step] = 1
        found[2, stopping, step] = 1
    return found[0], found[1], found[2]


def interchangeable(parts: Split) -> Aggregation:
    """Groups of units that are the same in the matrix and carry nothing but commitment from step to step."""
    columns = _by_unit(parts.owner)
    rows = _by_unit(_row_owner(parts))
    links = csc_array(parts.matrix.rows)
    alike: dict[bytes, list[int]] = defaultdict(list)
    for unit in sorted(columns.keys() & rows.keys()):
        if _only_switches(parts, unit, columns[unit], rows[unit]):
            alike[_numbers_of(parts.matrix, links, columns[unit], rows[unit])].append(unit)
    groups = (np.array(units) for units in alike.values() if len(units) > 1)
    return Aggregation(parts, tuple(_group(units, columns, rows) for units in groups))


def _group(units: Numbers, columns: dict[int, Numbers], rows: dict[int, Numbers]) -> Group:
    own = [np.array([places[unit] for unit in units.tolist()]) for places in (columns, rows)]
    return Group(units, own[0], own[1])


def _row_owner(parts: Split) -> Numbers:
    """Of every row the unit whose columns alone it holds, else -1."""
    rows = csr_array(parts.matrix.rows)
    lengths = np.diff(rows.indptr)
    owner = parts.owner[rows.indices]
    filled = np.flatnonzero(lengths)
    least, most = np.full(len(lengths), -1), np.full(len(lengths), -2)
    least[filled] = np.minimum.reduceat(owner, rows.indptr[filled])
    most[filled] = np.maximum.reduceat(owner, rows.indptr[filled])
    return np.where(least == most, least, -1)


def _by_unit(owner: Numbers) -> dict[int, Numbers]:
    order = np.argsort(owner, kind="stable")
    units, first = np.unique(owner[order], return_index=True)
    return {unit: places for unit, places in zip(units.tolist(), np.split(order, first[1:]), strict=True) if unit >= 0}


def _only_switches(parts: Split, unit: int, columns: Numbers, rows: Numbers) -> bool:
    """Whether on, start and stop are all its whole numbers, and no row holds output of two steps (a ramp)."""
    switches = np.concatenate([parts.decisions[name][unit] for name in SWITCHES])
    if not np.isin(columns[parts.matrix.integer[columns]], switches).all():
        return False
    output = csr_array(parts.matrix.rows[rows])[:, parts.decisions["above_mw"][unit]]
    return bool((np.diff(csr_array(output).indptr) <= 1).all())


def _numbers_of(matrix: Matrix, by_column: csc_array, columns: Numbers, rows: Numbers) -> bytes:
    """Every number of a unit in the matrix, its own rows by their place among its rows."""
    own = by_column[:, columns]
    own.sort_indices()
    place = np.arange(matrix.shape[0])
    place[rows] = -1 - np.arange(len(rows))
    parts: list[NDArray[Any]] = [
        numbers[columns] for numbers in (matrix.cost, matrix.lower, matrix.upper, matrix.integer)
    ]
    parts += [matrix.row_lower[rows], matrix.row_upper[rows], own.indptr, place[own.indices], own.data]
    return b"|".join(np.ascontiguousarray(part).tobytes() for part in parts)
