"""The model of a case: blocks of variables and rows by kind, packed into one sparse matrix.

Every column and row has a name (kind.variable[resource,step]) and an owner. A row that has only one owner is the
private business of that resource; the rest link resources, which is what a decomposition needs to know.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from grid_models.case import Case
from grid_models.quantities import Floats
from services.dispatch.algebra import Linear, Relation, Shape, columns, stacked, total

NOTHING = 1e-9
"""Coefficients below this are rounding."""


@dataclass(frozen=True)
class Family:
    """Columns or rows that were made together: one name, one resource per entry of the first axis."""

    kind: str
    name: str
    first: int
    shape: Shape
    resources: tuple[str, ...]
    places: NDArray[Any] | None = None
    """Which entries of the shape exist, where not all do."""

    @property
    def size(self) -> int:
        return int(np.prod(self.shape)) if self.places is None else self.places.size

    def entry(self, index: int) -> tuple[str, tuple[int, ...]]:
        """The resource and the place (unit, step ...) of the entry with this number in the model."""
        place = index - self.first if self.places is None else int(self.places[index - self.first])
        where = tuple(int(number) for number in np.unravel_index(place, self.shape))
        return self.resources[where[0]], where

    def label(self, index: int) -> str:
        _, where = self.entry(index)
        inner = ",".join([self.unique[where[0]], *(str(number) for number in where[1:])])
        return f"{self.kind}.{self.name}[{inner}]"

    @cached_property
    def unique(self) -> tuple[str, ...]:
        """The names along the first axis, numbered where one resource has several rows (pieces, units)."""
        seen: Counter[str] = Counter()
        names = []
        for resource in self.resources:
            seen[resource] += 1
            names.append(resource if seen[resource] == 1 else f"{resource}#{seen[resource]}")
        return tuple(names)


class Names:
    """Names by number, made only when somebody asks."""

    def __init__(self, families: Sequence[Family]):
        self.families = tuple(families)
        self._firsts = [family.first for family in self.families]

    def __len__(self) -> int:
        return self.families[-1].first + self.families[-1].size if self.families else 0

    def family(self, index: int) -> Family:
        return self.families[bisect_right(self._firsts, index) - 1]

    def __getitem__(self, index: int) -> str:
        return self.family(index).label(index)


@dataclass(frozen=True)
class Matrix:
    """`minimise cost @ x + offset` over `lower <= x <= upper`, `row_lower <= rows @ x <= row_upper`."""

    cost: Floats
    lower: Floats
    upper: Floats
    integer: NDArray[np.bool_]
    rows: Any
    row_lower: Floats
    row_upper: Floats
    offset: float
    column_names: Names
    row_names: Names

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.row_lower), len(self.cost)


@dataclass(frozen=True)
class Payment:
    """A part of the cost: what it is for, and its expression (resources first)."""

    kind: str
    item: str
    linear: Linear


class Block:
    """The variables and rows of all resources of one kind."""

    def __init__(self, model: "Model", kind: str, names: Sequence[str]):
        self.model = model
        self.kind = kind
        self.names = tuple(names)
        self.published: dict[str, tuple[Linear, tuple[str, ...]]] = {}

    @property
    def steps(self) -> int:
        return self.model.case.steps

    @property
    def shape(self) -> Shape:
        return len(self.names), self.steps

    def variable(
        self,
        name: str,
        lower: ArrayLike = 0.0,
        upper: ArrayLike = np.inf,
        *,
        integer: bool = False,
        shape: Shape | None = None,
        resources: Sequence[str] | None = None,
    ) -> Linear:
        """New columns, one per resource and step unless a shape is given; `resources` names its first axis."""
        shape = self.shape if shape is None else shape
        family = Family(self.kind, name, self.model.width, shape, tuple(resources or self.names))
        return self.model.add_columns(family, lower, upper, integer)

    def binary(self, name: str, lower: ArrayLike = 0.0, upper: ArrayLike = 1.0, **more: Any) -> Linear:
        return self.variable(name, lower, upper, integer=True, **more)

    def require(
        self,
        name: str,
        relation: Relation,
        where: NDArray[np.bool_] | None = None,
        resources: Sequence[str] | None = None,
    ) -> None:
        """New rows, one per entry (under the mask, if any)."""
        shape = relation.linear.shape
        mask = np.isfinite(relation.lower) | np.isfinite(relation.upper)
        mask &= np.ones(relation.linear.size, bool) if where is None else np.broadcast_to(where, shape).ravel()
        places = None
        if not mask.all():
            relation, places = relation.where(mask.reshape(shape))
        if relation.linear.size:
            family = Family(self.kind, name, self.model.height, shape, tuple(resources or self.names), places)
            self.model.add_rows(family, relation)

    def pay(self, item: str, linear: Linear) -> None:
        """A cost per entry, in the case's currency (not per hour); a constant part counts too."""
        self.model.payments.append(Payment(self.kind, item, linear))

    def publish(self, name: str, linear: Linear, resources: Sequence[str] | None = None) -> Linear:
        """A column of the plan under its name with unit; `resources` names its rows (a station's units share it)."""
        self.published[name] = linear, tuple(resources or self.names)
        return linear


@dataclass
class Model:
    """The whole problem while it is being written."""

    case: Case
    blocks: list[Block] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    injections: list[tuple[tuple[str, ...], Linear]] = field(default_factory=list)
    """By resource: names and their injection into the grid, before any connection they are behind."""
    awards: dict[str, list[tuple[tuple[str, ...], Linear]]] = field(default_factory=dict)
    """By reserve product: names and their awards."""
    emissions: list[tuple[str, Linear]] = field(default_factory=list)
    """By kind: tonnes of CO2 by resource and step."""
    width: int = 0
    height: int = 0
    _column_families: list[Family] = field(default_factory=list)
    _row_families: list[Family] = field(default_factory=list)
    _bounds: list[tuple[Floats, Floats, NDArray[np.bool_]]] = field(default_factory=list)
    _relations: list[Relation] = field(default_factory=list)

    def block(self, kind: str, names: Sequence[str]) -> Block:
        """A new block for some resources of a kind."""
        self.blocks.append(Block(self, kind, names))
        return self.blocks[-1]

    def add_columns(self, family: Family, lower: ArrayLike, upper: ArrayLike, integer: bool) -> Linear:
        low, high = (np.broadcast_to(np.asarray(bound, dtype=float), family.shape).ravel() for bound in (lower, upper))
        self._column_families.append(family)
        self._bounds.append((low, high, np.full(family.size, integer)))
        self.width += family.size
        return columns(family.first, family.shape)

    def add_rows(self, family: Family, relation: Relation) -> None:
        self._row_families.append(family)
        self._relations.append(relation)
        self.height += family.size

    def families(self, *names: str) -> tuple[Family, ...]:
        """The rows that were made under these names."""
        return tuple(family for family in self._row_families if family.name in names)

    def injection(self, wanted: Sequence[str]) -> Linear:
        """Injection by the named resources, in that order (names x steps)."""
        return self._gathered(self.injections, wanted)

    def awarded(self, product: str, wanted: Sequence[str]) -> Linear:
        """Awards of a product to the named resources, in that order (names x steps)."""
        return self._gathered(self.awards.get(product, []), wanted)

    def _gathered(self, parts: list[tuple[tuple[str, ...], Linear]], wanted: Sequence[str]) -> Linear:
        place = {name: index for index, name in enumerate(wanted)}
        shape = (len(wanted), self.case.steps)
        found: list[Linear] = []
        for names, linear in parts:
            mine = np.array([index for index, name in enumerate(names) if name in place], dtype=int)
            if mine.size:
                rows = np.array([place[names[index]] for index in mine])
                found.append(linear[mine].scattered(rows, len(wanted)))
        return total(found, shape)

    def pack(self) -> Matrix:
        """Everything in one sparse matrix; the cost is the sum of all payments (C1)."""
        cost, offset = np.zeros(self.width), 0.0
        for payment in self.payments:
            linear = payment.linear
            np.add.at(cost, linear.matrix.indices, linear.matrix.data)
            offset += float(linear.constant.sum())
        rows = stacked([relation.linear.matrix for relation in self._relations], self.width)
        rows.data[np.abs(rows.data) < NOTHING] = 0.0
        rows.eliminate_zeros()
        lower, upper, integer = (np.concatenate(parts) for parts in zip(*self._bounds, strict=True))
        return Matrix(
            cost=cost,
            lower=lower,
            upper=upper,
            integer=integer,
            rows=rows,
            row_lower=np.concatenate([relation.lower for relation in self._relations] or [np.zeros(0)]),
            row_upper=np.concatenate([relation.upper for relation in self._relations] or [np.zeros(0)]),
            offset=offset,
            column_names=Names(self._column_families),
            row_names=Names(self._row_families),
        )
