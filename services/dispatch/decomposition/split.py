"""Which part of a matrix is a resource's own business, and which part links it to the rest.

The columns of the thermal formulation that pricing decides are *priced*; rows that only repeat a unit's own rules are
*private*. What else hangs together by rows without a link is a *block*: a resource of another kind, or several behind
one connection. Everything else is the master: every row that links, also those rules of thermal units that pricing does
not know (they get a price like any other link), and columns that meet only such rows.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array
from scipy.sparse.csgraph import connected_components

from grid_models.case import Case
from grid_models.quantities import Floats
from services.dispatch.balance import BALANCE
from services.dispatch.model import Family, Matrix
from services.dispatch.reserves import REQUIREMENT

DECISIONS = ("on", "start", "stop", "above_mw")
INNER = ("piece_mw", "piece_full", "hot_start", "stops_so_far", "warm_start", "in_band")
"""Columns that follow from the decisions by the unit's own rows."""
AWARD, OFFLINE = "award_", "offline_"
"""How the columns of reserve begin, while on and from off, one family by product."""
DEEP = "deep_"
"""How the columns of the deep-peaking tiers begin, one family by tier: they follow from the decisions too."""
PRIVATE = (
    "starts and stops",
    "minimum up time",
    "minimum down time",
    "capacity over a start and a stop",
    "capacity over a start",
    "capacity at a start",
    "capacity at a stop",
    "output falls in time for a stop",
    "ramp up",
    "ramp down",
    "down-reserve above the minimum",
    "output by pieces",
    "piece while on",
    "piece before a stop",
    "earlier piece first",
    "later piece after",
    "a hot start is a start",
    "a hot start follows a stop",
    "stops so far",
    "a warm start follows a stop",
    "a warm start is a start",
    "starts per day",
    "non-spinning from rest",
    "non-spinning while it may start",
    "one band while on",
    "below the zone",
    "above the zone",
    "deep only while on",
    "out of the tier unless deep",
    "slow rise, deep before",
    "slow rise, deep now",
    "slow fall, deep before",
    "slow fall, deep now",
)


@dataclass(frozen=True)
class Award:
    """The award columns of one product: their units, and one column per unit and step."""

    product: str
    units: NDArray[np.int64]
    columns: NDArray[np.int64]


@dataclass(frozen=True)
class Block:
    """Columns that meet the rest only in linking rows, and the rows of their own."""

    columns: NDArray[np.int64]
    rows: NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """The parts of a matrix."""

    matrix: Matrix
    decisions: dict[str, NDArray[np.int64]]
    """By name of the decision, its columns (units x steps)."""
    awards: tuple[Award, ...]
    offline: tuple[Award, ...]
    """Awards while off."""
    rises: dict[str, bool]
    """By product, whether its awards are more output (else less)."""
    owner: NDArray[np.int64]
    """Of every column, the thermal unit that prices it; -1 for all other columns."""
    blocks: tuple[Block, ...]
    party: NDArray[np.int64]
    """Of every column, who prices it: thermal units first, then the blocks; -1 where the master keeps it."""
    master_rows: NDArray[np.int64]
    kept: NDArray[np.int64]
    """Columns that the master keeps."""
    links: csc_array
    """Master rows x all columns."""

    @property
    def units(self) -> int:
        """How many thermal units there are."""
        return len(self.decisions["on"])

    @property
    def parties(self) -> int:
        """How many units and blocks there are."""
        return self.units + len(self.blocks)


def split(case: Case, matrix: Matrix) -> Split | None:
    """The split of a matrix; None where it has no thermal unit or its inner columns are linked."""
    families = {family.name: family for family in matrix.column_names.families if family.kind == "thermal"}
    if "on" not in families:
        return None
    units = {name: index for index, name in enumerate(families["on"].resources)}
    owner = np.full(matrix.shape[1], -1)
    awards: dict[str, list[Award]] = {AWARD: [], OFFLINE: []}
    for name, family in families.items():
        if name in DECISIONS or name in INNER or name.startswith((AWARD, OFFLINE, DEEP)):
            rows = np.array([units[resource] for resource in family.resources])
            owner[_columns(family)] = np.broadcast_to(rows[:, None], family.shape)
            for prefix, found in awards.items():
                if name.startswith(prefix):
                    found.append(Award(name.removeprefix(prefix).removesuffix("_mw"), rows, _columns(family)))
    blocks = _blocks(matrix, owner)
    party = owner.copy()
    mine = _private_rows(matrix)
    for number, block in enumerate(blocks):
        party[block.columns] = len(units) + number
        mine[block.rows] = True
    master_rows = np.flatnonzero(~mine)
    links = csc_array(matrix.rows[master_rows])
    # Pricing cannot credit what it does not decide: an operator's rule on such a column rules decomposition out.
    known = np.zeros(matrix.shape[1], dtype=bool)
    known[np.concatenate([_columns(families[name]).ravel() for name in DECISIONS])] = True
    for award in awards[AWARD] + awards[OFFLINE]:
        known[award.columns] = True
    if np.diff(links.indptr)[(owner >= 0) & ~known].any():
        return None
    return Split(
        matrix=matrix,
        decisions={name: _columns(families[name]) for name in DECISIONS},
        awards=tuple(awards[AWARD]),
        offline=tuple(awards[OFFLINE]),
        rises={product.name: product.up for product in case.reserves},
        owner=owner,
        blocks=blocks,
        party=party,
        master_rows=master_rows,
        kept=np.flatnonzero(party < 0),
        links=links,
    )


def _blocks(matrix: Matrix, owner: NDArray[np.int64]) -> tuple[Block, ...]:
    """What hangs together by rows in which neither a thermal unit nor the whole system takes part."""
    others = np.flatnonzero(owner < 0)
    thermal = np.asarray((abs(matrix.rows) @ (owner >= 0).astype(float)) > 0)
    rows = np.flatnonzero(~thermal & ~_system_rows(matrix) & (np.diff(matrix.rows.indptr) > 0))
    meetings = csr_array(matrix.rows[rows][:, others])
    size = len(rows) + len(others)
    graph = csr_array((np.ones(meetings.nnz), _entries(meetings, len(rows))), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    by_row, by_column = label[: len(rows)], label[len(rows) :]
    order, columns = np.argsort(by_row, kind="stable"), np.argsort(by_column, kind="stable")
    found = []
    for number in np.unique(by_row):
        own = order[slice(*np.searchsorted(by_row[order], [number, number + 1]))]
        held = columns[slice(*np.searchsorted(by_column[columns], [number, number + 1]))]
        found.append(Block(others[held], rows[own]))
    return tuple(found)


def _entries(meetings: csr_array, first_column: int) -> tuple[Any, Any]:
    """An edge from each row to each of its columns, these numbered behind the rows."""
    coordinates = meetings.tocoo()
    return coordinates.row, coordinates.col + first_column


def _system_rows(matrix: Matrix) -> NDArray[np.bool_]:
    system = np.zeros(matrix.shape[0], dtype=bool)
    for family in matrix.row_names.families:
        if family.name in (BALANCE, REQUIREMENT):
            system[family.first : family.first + family.size] = True
    return system


def _columns(family: Family) -> NDArray[np.int64]:
    columns: NDArray[np.int64] = np.arange(family.first, family.first + family.size).reshape(family.shape)
    return columns


def _private_rows(matrix: Matrix) -> NDArray[np.bool_]:
    private = np.zeros(matrix.shape[0], dtype=bool)
    for family in matrix.row_names.families:
        if family.kind == "thermal" and family.name in PRIVATE:
            private[family.first : family.first + family.size] = True
    return private


@dataclass(frozen=True)
class Schedules:
    """One schedule per unit (and block): its part of every column, and what it costs the unit itself."""

    values: Floats
    """Of all columns; zero where the master keeps them."""
    on: Floats
    cost: Floats


def link_entries(parts: Split, values: Floats, place: NDArray[np.int64], share: Floats) -> tuple[Any, Any, Any]:
    """What schedules put into the master's rows: starts, row numbers, values, by place.

    `place` is of every party, -1 where it has no part; `share` is how many times its schedule counts.
    """
    coordinates = parts.links.tocoo()
    owner = parts.party[coordinates.col]
    chosen = (owner >= 0) & (place[owner] >= 0) & (values[coordinates.col] != 0)
    owner, data = owner[chosen], coordinates.data[chosen] * values[coordinates.col[chosen]]
    table = csc_array(
        (data * share[owner], (coordinates.row[chosen], place[owner])),
        shape=(parts.links.shape[0], int(place.max(initial=-1)) + 1),
    )
    table.sum_duplicates()
    return table.indptr[:-1].astype(np.int32), table.indices.astype(np.int32), table.data
