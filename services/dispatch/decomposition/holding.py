"""A problem small enough to dive in, whatever the fleet: most parties do what the master has them do.

A unit with one commitment in the master can follow the mixture of its schedules exactly, as its rules are convex in
its output then. Such units stay as they are, without a row or column of their own; the problem is left with those that
are torn between commitments, and with those that give way most easily. Where more are torn than a dive should have
open, the rest of them follow one of their schedules each. Where the dive must open a unit that was held, it comes back
with all its rows.
"""

import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from grid_models.quantities import Floats
from services.dispatch.decomposition.assigning import FOLLOWED, one_each
from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.neighbourhoods import NOTHING_MW, missing_mw
from services.dispatch.decomposition.parties import APART
from services.dispatch.decomposition.split import Split
from services.dispatch.model import Matrix
from services.dispatch.solve.highs import Outcome, dispatch
from services.dispatch.solve.rounding import whole_dispatch

MOST_OPEN = 100_000
"""Columns that a dive has open, unless those who cannot be held need more."""
WIDER = 4
"""So many times more answer to a plan in which something is missing."""
Mask = NDArray[np.bool_]
Few = tuple[csr_array, NDArray[np.int64]]
"""Rows that only a few meet, and the parties of their columns."""


def worth_holding(parts: Split, narrowed: Matrix) -> bool:
    """Whether more is open than a dive should have, of so many parties that most of them can stay as they are."""
    return parts.parties > APART and int((narrowed.lower < narrowed.upper).sum()) > MOST_OPEN


class Holding:
    """A narrowed problem in which most parties are held where a solution of the master has them.

    So many columns stay open, unless those who cannot be held need more.
    """

    def __init__(self, generation: Generation, narrowed: Matrix, most_open: int | None = None):
        self.parts, self.narrowed = generation.parts, narrowed
        whole = generation.master.mixture()
        several, unknown = self._torn(generation, whole.spread)
        mixture = one_each(generation, several, whole)
        self.values = np.where(narrowed.integer & (self.parts.party >= 0), np.round(mixture.values), mixture.values)
        self.cost = mixture.cost
        self._party_of_row = self._private()
        open_, few = self._open(), self._few(generation)
        must = unknown | self._halved(mixture.values) | ((several | open_) & self._meeting(few))
        self.free = self._with_company(few, must)
        most = MOST_OPEN if most_open is None else most_open
        self.free |= self._most_easily(whole.spread, ~self.free, several | open_, most)
        self.matrix = self._problem()

    def _private(self) -> NDArray[np.int64]:
        """Of every row, the party whose own it is; -1 for those of the master."""
        rows, parts = self.narrowed.rows, self.parts
        party = np.full(rows.shape[0], -1)
        filled = np.flatnonzero(np.diff(rows.indptr))
        party[filled] = parts.party[rows.indices[rows.indptr[filled]]]
        party[parts.master_rows] = -1
        return party

    def _torn(self, generation: Generation, spread: Floats) -> tuple[Mask, Mask]:
        """Units of whose mixture their own rules know nothing: they follow several commitments; or none is known."""
        parts, patterns, narrowed = self.parts, generation.master.patterns, self.narrowed
        followed = np.array(patterns.unit, dtype=np.int64)[generation.master.weights() > FOLLOWED]
        count = np.zeros(parts.parties, dtype=np.int64)
        count[: parts.units] = np.bincount(followed, minlength=parts.units)
        inner = narrowed.integer & (parts.owner >= 0)
        inner[np.concatenate([columns.ravel() for columns in parts.decisions.values()])] = False
        lumpy = np.zeros(parts.parties, dtype=bool)
        lumpy[parts.owner[inner]] = True
        unknown = (np.arange(parts.parties) < parts.units) & (count == 0)
        return (count > 1) | (lumpy & (self._of_party(spread) > FOLLOWED)), unknown

    def _open(self) -> Mask:
        """Units with hours that are not decided."""
        on, found = self.parts.decisions["on"], np.zeros(self.parts.parties, dtype=bool)
        found[: self.parts.units] = (self.narrowed.lower[on] < self.narrowed.upper[on]).any(axis=1)
        return found

    def _halved(self, values: Floats) -> Mask:
        """Those who would have to do something by halves: blocks that have not become whole in time too."""
        halves = self.narrowed.integer & (np.abs(values - np.round(values)) > FOLLOWED)
        found: Mask = self._of_party(halves.astype(float)) > 0
        return found

    def _of_party(self, by_column: Floats) -> Floats:
        """Sums over the columns of every party."""
        owned = self.parts.party >= 0
        found: Floats = np.bincount(self.parts.party[owned], by_column[owned], minlength=self.parts.parties).astype(
            float
        )
        return found

    def _with_company(self, few: Few, chosen: Mask) -> Mask:
        """And those who meet them in rows of a few, where nobody else could give way."""
        links, party = few
        touched = links @ chosen[party].astype(float) > 0
        met = np.asarray(links[touched].sum(axis=0)).ravel() > 0
        found = chosen.copy()
        found[party[met]] = True
        return found

    def _meeting(self, few: Few) -> Mask:
        """Those who have a part in such rows at all."""
        links, party = few
        found = np.zeros(self.parts.parties, dtype=bool)
        found[party[np.asarray(links.sum(axis=0)).ravel() > 0]] = True
        return found

    def _few(self, generation: Generation) -> Few:
        """All rows of the master but balances and requirements of reserve."""
        parts = self.parts
        few = np.ones(len(parts.master_rows), dtype=bool)
        few[generation.boxed] = False
        owned = parts.party >= 0
        return csr_array(abs(parts.links[few][:, owned])), parts.party[owned]

    def _most_easily(self, spread: Floats, may: Mask, first: Mask, most: int) -> Mask:
        """As many as there is room for, `first` first, then those whose schedules in the master differ most."""
        width: Floats = self._of_party((self.narrowed.lower < self.narrowed.upper).astype(float))
        by_party = self._of_party(spread)
        order = np.flatnonzero(may)[np.lexsort((-by_party[may], ~first[may]))]
        chosen = np.zeros(len(may), dtype=bool)
        chosen[order[np.cumsum(width[order]) <= most - width[~may].sum()]] = True
        return chosen

    def _problem(self) -> Matrix:
        """Columns of those who are held stand still, their own rows say nothing, their cost is known."""
        narrowed, values = self.narrowed, self.values
        still, silent = self._theirs(~self.free)
        return replace(
            narrowed,
            lower=np.where(still, values, narrowed.lower),
            upper=np.where(still, values, narrowed.upper),
            row_lower=np.where(silent, -np.inf, narrowed.row_lower),
            row_upper=np.where(silent, np.inf, narrowed.row_upper),
            offset=narrowed.offset + float(self.cost[~self.free].sum() - narrowed.cost[still] @ values[still]),
        )

    def _theirs(self, chosen: Mask) -> tuple[Mask, Mask]:
        """The columns and the rows of some parties."""
        party, of_row = self.parts.party, self._party_of_row
        return (party >= 0) & chosen[party], (of_row >= 0) & chosen[of_row]

    def opened(self, matrix: Matrix, columns: NDArray[np.int64]) -> Matrix:
        """The problem with these decisions open, and with all of those whose they are if they were held."""
        narrowed, parts = self.narrowed, self.parts
        comes = np.zeros(parts.parties, dtype=bool)
        comes[parts.party[columns]] = True
        comes &= self._of_party((matrix.lower < matrix.upper).astype(float)) == 0
        back, heard = self._theirs(comes)
        upper = np.where(back, narrowed.upper, matrix.upper)
        upper[columns] = 1.0
        return replace(
            matrix,
            lower=np.where(back, narrowed.lower, matrix.lower),
            upper=upper,
            row_lower=np.where(heard, narrowed.row_lower, matrix.row_lower),
            row_upper=np.where(heard, narrowed.row_upper, matrix.row_upper),
            offset=matrix.offset - float(self.cost[comes].sum() - narrowed.cost[back] @ self.values[back]),
        )

    def whole(self, matrix: Matrix, found: Outcome, seconds: float) -> Outcome | None:
        """The plan of the whole problem: what follows from the decisions of a unit that was held is filled in."""
        assert found.values is not None
        inner = self._inner()
        values = np.where(inner, self.narrowed.lower, found.values)
        asked = np.asarray(abs(matrix.rows) @ inner.astype(float)) > 0
        filling = replace(
            matrix,
            lower=np.where(inner, matrix.lower, values),
            upper=np.where(inner, matrix.upper, values),
            row_lower=np.where(asked, matrix.row_lower, -np.inf),
            row_upper=np.where(asked, matrix.row_upper, np.inf),
        )
        filled = whole_dispatch(filling, values, inner & matrix.integer, seconds)
        if filled is None or filled.values is None:
            return None
        return replace(found, objective=filled.objective, values=filled.values)

    def settled(self, matrix: Matrix, plan: Outcome, seconds: float) -> Outcome:
        """The plan after a dispatch in which blocks answer to it, the largest first as far as there is room.

        They were made whole before the units had decided; their whole numbers stay, their output need not. While
        something is missing and there is time, more of them answer: it may be the small ones that can give it.
        """
        deadline, sizes = time.monotonic() + seconds, [len(block.columns) for block in self.parts.blocks]
        most = MOST_OPEN
        plan = self._answered(matrix, plan, most, seconds)
        while most < sum(sizes) and time.monotonic() < deadline and self._short(matrix, plan):
            most *= WIDER
            plan = self._answered(matrix, plan, most, deadline - time.monotonic())
        return plan

    def _short(self, matrix: Matrix, plan: Outcome) -> bool:
        assert plan.values is not None
        return bool((missing_mw(matrix, plan.values, self.parts.decisions["on"].shape[1]) > NOTHING_MW).any())

    def _answered(self, matrix: Matrix, plan: Outcome, most: int, seconds: float) -> Outcome:
        """The plan after a dispatch in which blocks with so many columns answer."""
        assert plan.values is not None
        free = self.free.copy()
        by_size = sorted(range(len(self.parts.blocks)), key=lambda number: -len(self.parts.blocks[number].columns))
        room = np.cumsum([len(self.parts.blocks[number].columns) for number in by_size]) <= most
        free[self.parts.units + np.array(by_size, dtype=np.int64)[room]] = True
        still, _ = self._theirs(~free)
        fixed = replace(
            matrix,
            lower=np.where(still, plan.values, matrix.lower),
            upper=np.where(still, plan.values, matrix.upper),
        )
        found = dispatch(fixed, plan.values, seconds)
        return found if found.row_dual is not None and found.objective < plan.objective else plan

    def _inner(self) -> Mask:
        """Columns that follow from the decisions of units that are held."""
        parts = self.parts
        found = (parts.owner >= 0) & ~self.free[parts.owner]
        for columns in (*parts.decisions.values(), *(award.columns for award in parts.awards + parts.offline)):
            found[columns] = False
        return found
