"""Prices of the master's rows and decisions of a plan, from one column generation to the next: carried by name."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from grid_models.case import Case
from grid_models.quantities import Floats
from services.dispatch.decomposition.split import Split
from services.dispatch.memory import Memory, Named, remembered
from services.dispatch.model import Family

Places = NDArray[np.int64]
DEAREST = 1e5
"""No row is worth more per unit: a solver that is told so searches for minutes."""
Entries = tuple[Family, Places, Places]
"""A family, which entries of its shape exist, and their places among the master's rows or the matrix's columns."""


def recalled_prices(memory: Memory, case: Case, parts: Split) -> Floats:
    """Of the master's rows; nan where nothing is known."""
    prices = _recalled(memory, case, memory.prices, _of_master(parts), len(parts.master_rows))
    prices = np.clip(prices, -DEAREST, DEAREST)
    # A row's price is per step, so a step of half the length has half of it.
    return prices * (case.horizon.step_min / memory.horizon.step_min)


def recalled_commitment(memory: Memory, case: Case, parts: Split) -> Floats:
    """Units x steps; nan for units that are not known."""
    known, nothing = memory.commitments_over(case.horizon), np.full(case.steps, np.nan)
    return np.array([known.get(name, nothing) for name in _units(parts)], dtype=float)


def recalled_plan(memory: Memory, case: Case, parts: Split) -> Floats:
    """Of all columns of the matrix: thermal commitment, and what all other kinds do; nan for all else."""
    found = _recalled(memory, case, memory.schedules, _of_others(parts), parts.matrix.shape[1])
    found[parts.decisions["on"]] = recalled_commitment(memory, case, parts)
    return found


def named_prices(parts: Split, prices: Floats) -> Named:
    """The prices of the master's rows by family and resource."""
    return _named(_of_master(parts), prices)


def named_schedules(parts: Split, values: Floats) -> Named:
    """What all kinds but the thermal do, by family and resource."""
    whole = np.where(parts.matrix.integer, np.round(values), values)
    named = _named(_of_others(parts), whole)
    return {name: {one: _shortest(line) for one, line in lines.items()} for name, lines in named.items()}


def _recalled(memory: Memory, case: Case, known: Named, families: Iterable[Entries], count: int) -> Floats:
    values = np.full(count, np.nan)
    steps = memory.steps_of(case.horizon)
    for family, entries, places in families:
        mine = known.get(_name(family), {})
        width = int(np.prod(family.shape[1:]))
        table = [_carried(mine.get(resource, ()), width, memory.horizon.steps, steps) for resource in family.unique]
        values[places] = np.concatenate(table)[entries]
    return values


def _named(families: Iterable[Entries], values: Floats) -> Named:
    found: Named = {}
    for family, entries, places in families:
        table = np.zeros(int(np.prod(family.shape)))
        table[entries] = values[places]
        lines = table.reshape(family.shape[0], -1)
        found.setdefault(_name(family), {}).update(zip(family.unique, map(remembered, lines), strict=True))
    return found


def _shortest(line: tuple[float, ...]) -> tuple[float, ...]:
    return line[:1] if min(line) == max(line) else line


def _carried(series: tuple[float, ...], width: int, remembered: int, steps: Places) -> Floats:
    """One resource's numbers at the steps of now; what does not count steps (days, nothing) keeps its place."""
    if not series:
        return np.full(width, np.nan)
    places = steps if width == len(steps) and len(series) == remembered else np.arange(width)
    return np.array(series)[np.minimum(places, len(series) - 1)]


def _of_master(parts: Split) -> Iterator[Entries]:
    """The families of the master's rows."""
    for family in parts.matrix.row_names.families:
        first, last = np.searchsorted(parts.master_rows, [family.first, family.first + family.size])
        if last > first:
            yield family, _entries(family, parts.master_rows[first:last] - family.first), np.arange(first, last)


def _of_others(parts: Split) -> Iterator[Entries]:
    """The families of columns that are not of thermal units."""
    for family in parts.matrix.column_names.families:
        places = np.arange(family.first, family.first + family.size)
        places = places[parts.owner[places] < 0]
        if places.size:
            yield family, _entries(family, places - family.first), places


def _entries(family: Family, numbers: Places) -> Places:
    """The places in the family's shape of the entries with these numbers in it."""
    return numbers if family.places is None else family.places[numbers]


def _name(family: Family) -> str:
    return f"{family.kind}: {family.name}"


def _units(parts: Split) -> tuple[str, ...]:
    families = parts.matrix.column_names.families
    return next(family.resources for family in families if family.kind == "thermal" and family.name == "on")
