"""Where to look for a better plan: near the schedules of the master, then wherever prices do not say no."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.dispatch.decomposition.blocks import IMPOSSIBLE
from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.hunt import Hunt, Incumbent
from services.dispatch.decomposition.programme import Columns
from services.dispatch.decomposition.relaxed_dive import Opening
from services.dispatch.decomposition.split import Split
from services.dispatch.model import Matrix
from services.dispatch.solve.highs import End, News, Outcome, Settings
from services.dispatch.solve.reduction import Reduction, restored
from services.dispatch.solve.rounding import WHOLE

WIDTHS = (0.0, 5e-5, 3e-4)
"""How much dearer than the bound, relative, a schedule may be to take part in a restricted search."""
SHARE = 0.35
"""Of the time that is left, what one restricted search may take."""
SEARCHED_GAP = 0.01
AMPLE = 3.0
"""So many times the capacity of a unit is opened to stand in for it."""
MISSING, SHORTAGE = ("unserved_mw", "spilled_mw"), "shortage_"
"""Columns, or the beginning of their names, by which a row that cannot be met is paid for."""
NOTHING_MW = 1e-6
SURER = 2.0
"""Where a dispatch was short, so many times what was missing is asked for besides."""
EXACT = 0.2
"""Of the gap asked for, how exactly a restricted search is solved."""


@dataclass(frozen=True)
class Place:
    """A narrowed problem, and how to search it."""

    hunt: Hunt
    """With the aggregation that the problem is in."""
    matrix: Matrix
    settings: Settings
    cutoff: float | None = None
    """What a plan must cost more than if it lies outside; None where a better one may be left out."""
    reduction: Reduction | None = None
    """Where the matrix is what was left of the narrowed problem."""
    relaxed: bool = False
    """Whether not all that must be whole is whole in it, so that its answers are no plans."""

    def plan(self, found: News | Outcome) -> Outcome | None:
        """The plan by unit of what the search has found."""
        if self.relaxed or found.values is None:
            return None
        return self.hunt.plan(replace(found, values=self.whole(found.values)))

    def whole(self, values: Floats) -> Floats:
        """Values of all columns of the narrowed problem."""
        return values if self.reduction is None else restored(self.reduction, values)

    def proves(self, bound: float, end: End = "stopped") -> float:
        """What a bound on this problem (or its end) says of the model."""
        if self.cutoff is None or end == "failed":
            return -np.inf
        if end == "infeasible":
            return self.cutoff
        return min(bound, self.cutoff) if np.isfinite(bound) else -np.inf


def neighbourhoods(best: Incumbent, hunt: Hunt, threads: int) -> Iterator[Place]:
    """Each is made when the one before has been searched."""
    for width in WIDTHS:
        lower, upper = near(hunt.parts, hunt.generation, width * abs(hunt.generation.bound), best.values)
        yield Place(hunt, hunt.narrowed(lower, upper), restricted(best, hunt, threads))
    # What identical units can do together is in rare cases more than what they can do apart.
    for everything in (hunt, hunt.apart) if hunt.aggregation.groups else (hunt,):
        settings = replace(hunt.settings, threads=threads, seconds=max(hunt.left_s, 0.5))
        yield Place(everything, everything.below(best.objective), settings, best.objective)


def around(best: Incumbent, hunt: Hunt, values: Floats) -> Place:
    """Between the whole numbers next to these values of the aggregated problem, and near the master's schedules."""
    low, high = (hunt.aggregation.committed(side) for side in (np.floor(values + WHOLE), np.ceil(values - WHOLE)))
    lower, upper = near(hunt.parts, hunt.generation, 0.0, best.values)
    between = hunt.narrowed(np.minimum(lower, low), np.maximum(upper, high))
    return Place(hunt, between, restricted(best, hunt, threads=1))


def restricted(best: Incumbent, hunt: Hunt, threads: int) -> Settings:
    """How a search is limited that leaves something out."""
    # Where no good plan is known yet, this is the only way to one, so it may take what time there is.
    share = SHARE if best.gap() < SEARCHED_GAP else 0.8
    gap = hunt.settings.gap
    target = best.bound + 0.98 * gap * abs(best.bound)
    options = {**hunt.settings.options, "objective_target": target}
    seconds = max(hunt.left_s * share, 0.5)
    return replace(hunt.settings, gap=EXACT * gap, seconds=seconds, threads=threads, options=options)


def open_width(generation: Generation, per_step: int) -> float:
    """How much dearer schedules must be allowed to be, so that about so many unit-hours by step are open."""
    dearer = np.maximum(generation.priced.gap_on, generation.priced.gap_off).ravel()
    count = min(per_step * generation.pricer.steps, dearer.size - 1)
    return float(np.partition(dearer, count)[count])


def standing_in(generation: Generation, capacity_mw: Floats, upper: Floats) -> Opening:
    """What could stand in for a unit in a step: units that are closed there, least dear first, with ample MW.

    `capacity_mw` and `upper` (whether a unit may be on) are by unit and step. A unit opens with all hours that its
    schedule needs.
    """
    on, gap, open_ = generation.parts.decisions["on"], generation.priced.gap_on, upper > 0

    def opening(column: int) -> Columns:
        found = np.argwhere(on == column)
        if not found.size:
            return np.zeros(0, np.int64)  # another kind's decision
        unit, step = found[0]
        closed = np.flatnonzero(~open_[:, step] & (gap[:, step] < IMPOSSIBLE))
        order = closed[np.argsort(gap[closed, step])]
        enough = 1 + int(np.searchsorted(np.cumsum(capacity_mw[order, step]), AMPLE * capacity_mw[unit, step]))
        taken = order[:enough]
        fresh = ~open_[taken] & (gap[taken] <= gap[taken, step][:, None])
        open_[taken] |= fresh
        columns: Columns = on[taken][fresh]
        return columns

    return opening


def without_shortage(matrix: Matrix, values: Floats) -> Matrix:
    """The problem without any shortage, where these values (of all but thermal units) have none; else as it is.

    A little of it can be cheaper than a start, but a plan in which something is missing is none that anybody wants.
    """
    columns = np.concatenate([np.zeros(0, np.int64), *(places.ravel() for places in shortages(matrix))])
    if (values[columns] > NOTHING_MW).any():
        return matrix
    upper = matrix.upper.copy()
    upper[columns] = matrix.lower[columns]
    return replace(matrix, upper=upper)


def missing_mw(matrix: Matrix, values: Floats, steps: int) -> Floats:
    """By step, the MW that nobody gives or takes, reserve included."""
    total = np.zeros(steps)
    for places in shortages(matrix):
        total += values[places].sum(axis=0)
    return total


def surer(asked: Floats, short: Floats, share: float) -> Floats:
    """By step, what to ask for after a dispatch that was short of so much: more there, and this share of it all."""
    return asked + np.where(short > NOTHING_MW, SURER * short + share * asked, 0.0)


def shortages(matrix: Matrix) -> list[NDArray[np.int64]]:
    """The columns by which rows that cannot be met are paid for, by family."""
    return [
        np.arange(family.first, family.first + family.size).reshape(family.shape)
        for family in matrix.column_names.families
        if family.name in MISSING or family.name.startswith(SHORTAGE)
    ]


def near(parts: Split, generation: Generation, dearer: float, values: Floats | None) -> tuple[Floats, Floats]:
    """Per unit and step, whether some schedule of the neighbourhood is off, and whether some is on.

    A unit of which the master has no schedule yet is open.
    """
    shape = parts.decisions["on"].shape
    lower, upper, unknown = np.ones(shape), np.zeros(shape), np.ones(shape[0], dtype=bool)
    if dearer > 0:
        upper = np.maximum(upper, generation.priced.gap_on <= dearer)
        lower = np.minimum(lower, generation.priced.gap_off > dearer)
    patterns = generation.master.patterns
    for number in np.flatnonzero(generation.master.weights() > 1e-6).tolist():
        unit, on = patterns.unit[number], patterns.on[number]
        if unit >= shape[0]:
            continue
        lower[unit], upper[unit] = np.minimum(lower[unit], on), np.maximum(upper[unit], on)
        unknown[unit] = False
    lower[unknown], upper[unknown] = 0.0, 1.0
    if values is not None:
        known = np.round(values[parts.decisions["on"]])
        lower, upper = np.minimum(lower, known), np.maximum(upper, known)
    return lower, upper
