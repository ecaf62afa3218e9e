"""A linear programme made small before a solver sees it, and its answer made whole again.

With the commitment fixed, most rows of a unit commitment say nothing any more: those of units that are off force all
their columns to zero, others hold whatever the columns do, or limit a single column. Rules from E. D. Andersen,
K. D. Andersen: Presolving in linear programming. Mathematical Programming 71, 221-245, 1995, doi 10.1007/BF01586000.
A solver has them too, but for one row at a time and with a book-keeping that takes longer than the solve.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array

from grid_models.quantities import Floats
from services.dispatch.model import Matrix
from services.dispatch.solve.remainder import Mask, Numbers, Remainder, reach, tolerance, whole, without_fixed
from services.dispatch.solve.remainder import without_rows as without
from services.dispatch.solve.undoing import Forced, Limited, Merged, Step, undone

ROUNDS = 12
WORTH_A_ROUND = 0.01
"""Of the rows and columns left: what a round must take away for another to follow."""


@dataclass(frozen=True)
class Reduction:
    """What is left to solve, and how to come back."""

    matrix: Matrix
    """The linear programme that is left; nothing in it is integer."""
    rest: Remainder
    values: Floats
    """Of all columns; those that are left stand at zero."""
    steps: tuple[Step, ...]


def reduced(matrix: Matrix) -> Reduction:
    """The relaxed problem less what its limits decide by themselves."""
    # Rows that say nothing from the start may be nearly all there are.
    silent = np.isinf(matrix.row_lower) & np.isinf(matrix.row_upper)
    rest, steps = without(whole(matrix), silent), list[Step]()
    values = np.zeros(matrix.shape[1])
    for _ in range(ROUNDS):
        before = rest.size
        rest, columns, decided = without_fixed(rest)
        values[columns] = decided
        rest, taken = _round(rest)
        steps += taken
        if before - rest.size < WORTH_A_ROUND * before:
            break
    rest, columns, decided = without_fixed(rest)
    values[columns] = decided
    rest, merged = _merged(rest)
    return Reduction(_left(matrix, rest, values), rest, values, (*steps, merged))


def restored(reduction: Reduction, values: Floats) -> Floats:
    """The values of every column of the whole matrix."""
    full = reduction.values.copy()
    full[reduction.rest.column_of] = values
    return full


def restored_duals(matrix: Matrix, reduction: Reduction, row_dual: Floats) -> tuple[Floats, Floats]:
    """The duals of every row and column of the whole matrix, as exact as those of what was solved.

    Rows that hold by themselves have none. A row that only limits a column, or that forces all its columns, has the
    dual which lets their reduced costs have the signs of an optimum; the reduced costs of fixed columns follow from
    all rows, so prices, limits and costs add up as if the whole problem had been solved.
    """
    full = np.zeros(matrix.shape[0])
    full[reduction.rest.row_of] = row_dual
    return undone(matrix, full, reduction.steps)


def _left(matrix: Matrix, rest: Remainder, values: Floats) -> Matrix:
    return replace(
        matrix,
        cost=matrix.cost[rest.column_of],
        lower=rest.lower,
        upper=rest.upper,
        integer=np.zeros(len(rest.column_of), dtype=bool),
        rows=rest.rows,
        row_lower=rest.row_lower,
        row_upper=rest.row_upper,
        offset=matrix.offset + float(matrix.cost @ values),
    )


def _round(rest: Remainder) -> tuple[Remainder, list[Step]]:
    """Rows that hold by themselves go; rows that force or limit columns turn into limits of these and go."""
    least, most = reach(rest)
    near = tolerance(np.where(np.isfinite(rest.row_upper), rest.row_upper, rest.row_lower))
    rest = replace(
        rest,
        row_lower=np.where(rest.row_lower <= least + near, -np.inf, rest.row_lower),
        row_upper=np.where(rest.row_upper >= most - near, np.inf, rest.row_upper),
    )
    idle = np.isinf(rest.row_lower) & np.isinf(rest.row_upper)
    at_upper, at_lower = np.abs(rest.row_upper - least) <= near, np.abs(rest.row_lower - most) <= near
    rest, forced, at_limit = _forced(rest, at_upper, at_lower & ~at_upper)
    rest, limited, limiting = _limited(rest, ~idle & ~at_limit)
    return without(rest, idle | at_limit | limiting), [*forced, *limited]


def _forced(rest: Remainder, at_upper: Mask, at_lower: Mask) -> tuple[Remainder, list[Step], Mask]:
    """Rows whose limit leaves each of their columns one value; of rows that share a column one goes at a time.

    Which one is drawn by lot, so that of windows that overlap over a whole day many can go at once.
    """
    forcing = (at_upper | at_lower) & (rest.lengths > 1)
    if not forcing.any():
        return rest, [], forcing
    entries = np.flatnonzero(np.repeat(forcing, rest.lengths))
    row, column = np.repeat(np.arange(len(rest.row_of)), rest.lengths)[entries], rest.rows.indices[entries]
    weight = rest.rows.data[entries]
    lot = np.random.default_rng(0).permutation(len(rest.row_of))[row]
    first = np.full(len(rest.column_of), len(rest.row_of))
    np.minimum.at(first, column, lot)
    forcing[row[first[column] != lot]] = False
    mine = forcing[row]
    row, column, weight = row[mine], column[mine], weight[mine]
    value = np.where((weight > 0) == at_upper[row], rest.lower[column], rest.upper[column])
    lower, upper = rest.lower.copy(), rest.upper.copy()
    lower[column] = upper[column] = value
    step = Forced(rest.row_of[row], rest.column_of[column], weight, at_upper[row])
    return replace(rest, lower=lower, upper=upper), [step], forcing


def _limited(rest: Remainder, may: Mask) -> tuple[Remainder, list[Step], Mask]:
    """Rows with one column are limits of it."""
    limiting = may & (rest.lengths == 1)
    rows = np.flatnonzero(limiting)
    entry = rest.rows.indptr[rows]
    column, weight = rest.rows.indices[entry], rest.rows.data[entry]
    sides = rest.row_lower[rows] / weight, rest.row_upper[rows] / weight
    low, high = np.where(weight > 0, sides[0], sides[1]), np.where(weight > 0, sides[1], sides[0])
    lower, upper = rest.lower.copy(), rest.upper.copy()
    np.maximum.at(lower, column, low)
    np.minimum.at(upper, column, high)
    # Where they contradict each other, or the column's limits, the rows stay: it is for the solver to say so.
    crossed = lower > upper
    lower[crossed], upper[crossed] = rest.lower[crossed], rest.upper[crossed]
    settled = ~crossed[column]
    limiting[rows[~settled]] = False
    steps = [
        _binding(rest, rows[settled], column[settled], weight[settled], side[settled], new, old, is_lower)
        for side, new, old, is_lower in ((low, lower, rest.lower, True), (high, upper, rest.upper, False))
    ]
    return replace(rest, lower=lower, upper=upper), [step for step in steps if step.rows.size], limiting


def _binding(
    rest: Remainder, rows: Numbers, column: Numbers, weight: Floats, side: Floats, new: Floats, old: Floats, low: bool
) -> Limited:
    """Of the rows that limit a column from one side, the first that gave it its limit."""
    gave = (side == new[column]) & (new[column] != old[column])
    columns, first = np.unique(column[gave], return_index=True)
    return Limited(rest.row_of[rows[gave][first]], rest.column_of[columns], weight[gave][first], low)


def _merged(rest: Remainder) -> tuple[Remainder, Merged]:
    """Rows that are multiples of one another become one with the tightest limits."""
    weight, group = _multiples(rest)
    sides = rest.row_lower / weight, rest.row_upper / weight
    low, high = np.where(weight > 0, sides[0], sides[1]), np.where(weight > 0, sides[1], sides[0])
    count = int(group.max(initial=-1)) + 1
    by_low, by_high = _first_by_group(group, -low, count), _first_by_group(group, high, count)
    keeper = _first_by_group(group, np.arange(len(group), dtype=float), count)
    tight_low, tight_high = low[by_low] * weight[keeper], high[by_high] * weight[keeper]
    straight = weight[keeper] > 0
    row_lower, row_upper = rest.row_lower.copy(), rest.row_upper.copy()
    row_lower[keeper], row_upper[keeper] = _ordered(
        np.where(straight, tight_low, tight_high), np.where(straight, tight_high, tight_low)
    )
    from_low, from_high = np.where(straight, by_low, by_high), np.where(straight, by_high, by_low)
    several = (from_low != keeper) | (from_high != keeper)
    keeper_, from_low, from_high = keeper[several], from_low[several], from_high[several]
    step = Merged(
        rows=rest.row_of[keeper_],
        lower_from=rest.row_of[from_low],
        upper_from=rest.row_of[from_high],
        lower_ratio=weight[keeper_] / weight[from_low],
        upper_ratio=weight[keeper_] / weight[from_high],
    )
    gone = np.ones(len(group), dtype=bool)
    gone[keeper] = False
    return without(replace(rest, row_lower=row_lower, row_upper=row_upper), gone), step


def _ordered(lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
    """Limits that cross by no more than rounding meet; any other contradiction is for the solver to tell."""
    meet = (lower > upper) & (lower - upper <= tolerance(upper))
    return np.where(meet, upper, lower), upper


def _first_by_group(group: Numbers, value: Floats, count: int) -> Numbers:
    """Of every group, the member with the least value."""
    order = np.lexsort((value, group))
    first: Numbers = order[np.searchsorted(group[order], np.arange(count))]
    return first


def _multiples(rest: Remainder) -> tuple[Floats, Numbers]:
    """By row, its first weight, and a number that rows share which are equal once divided by it."""
    rest.rows.sort_indices()
    rows, lengths = rest.rows, rest.lengths
    first = np.ones(len(lengths))
    first[lengths > 0] = rows.data[rows.indptr[:-1][lengths > 0]]
    scaled = csr_array((rows.data / np.repeat(first, lengths), rows.indices, rows.indptr), shape=rows.shape)
    mark = scaled @ np.random.default_rng(0).random(rows.shape[1])
    order = np.lexsort((lengths, mark))
    same = np.zeros(len(order), dtype=bool)
    same[1:] = (mark[order][1:] == mark[order][:-1]) & (lengths[order][1:] == lengths[order][:-1])
    same[same] = _equal(scaled, order[:-1][same[1:]], order[1:][same[1:]])
    group = np.empty(len(order), dtype=np.int64)
    group[order] = np.cumsum(~same) - 1
    return first, group


def _equal(rows: csr_array, one: Numbers, other: Numbers) -> Mask:
    """Whether pairs of rows of equal length, with sorted indices, are the same; by their marks they should be."""
    lengths = np.diff(rows.indptr)[one]
    within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    here, there = (np.repeat(rows.indptr[side], lengths) + within for side in (one, other))
    differs = (rows.indices[here] != rows.indices[there]) | (rows.data[here] != rows.data[there])
    different: Mask = np.bincount(np.repeat(np.arange(len(one)), lengths), differs, minlength=len(one)) > 0
    return ~different
