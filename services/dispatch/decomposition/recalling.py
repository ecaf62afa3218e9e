"""Prices of the master's rows and commitments of units, from one column generation to the next: carried by name."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from grid_models.case import Case
from grid_models.quantities import Floats
from services.dispatch.decomposition.split import Split
from services.dispatch.memory import Memory, RowPrices, remembered
from services.dispatch.model import Family

Places = NDArray[np.int64]


def recalled_prices(memory: Memory, case: Case, parts: Split) -> Floats:
    """Of the master's rows; nan where nothing is known."""
    prices = np.full(len(parts.master_rows), np.nan)
    steps = memory.steps_of(case.horizon)
    for family, entries, rows in _families(parts):
        known = memory.prices.get(_name(family), {})
        width = int(np.prod(family.shape[1:]))
        table = [_carried(known.get(resource, ()), width, memory.horizon.steps, steps) for resource in family.unique]
        prices[rows] = np.concatenate(table)[entries]
    # A row's price is per step, so a step of half the length has half of it.
    return prices * (case.horizon.step_min / memory.horizon.step_min)


def recalled_commitment(memory: Memory, case: Case, parts: Split) -> Floats:
    """Units x steps; nan for units that are not known."""
    known, nothing = memory.commitments_over(case.horizon), np.full(case.steps, np.nan)
    return np.array([known.get(name, nothing) for name in _units(parts)], dtype=float)


def named_prices(parts: Split, prices: Floats) -> RowPrices:
    """The prices of the master's rows by family and resource."""
    found: RowPrices = {}
    for family, entries, rows in _families(parts):
        table = np.zeros(int(np.prod(family.shape)))
        table[entries] = prices[rows]
        lines = table.reshape(family.shape[0], -1)
        found[_name(family)] = {name: remembered(line) for name, line in zip(family.unique, lines, strict=True)}
    return found


def _carried(series: tuple[float, ...], width: int, remembered: int, steps: Places) -> Floats:
    """One resource's prices at the steps of now; what does not count steps (days, nothing) keeps its place."""
    if not series:
        return np.full(width, np.nan)
    places = steps if width == len(steps) and len(series) == remembered else np.arange(width)
    return np.array(series)[np.minimum(places, len(series) - 1)]


def _families(parts: Split) -> Iterator[tuple[Family, Places, Places]]:
    """The families of the master's rows: the entries that exist, and their places among the master's rows."""
    for family in parts.matrix.row_names.families:
        first, last = np.searchsorted(parts.master_rows, [family.first, family.first + family.size])
        if last > first:
            present = parts.master_rows[first:last] - family.first
            yield family, present if family.places is None else family.places[present], np.arange(first, last)


def _name(family: Family) -> str:
    return f"{family.kind}: {family.name}"


def _units(parts: Split) -> tuple[str, ...]:
    families = parts.matrix.column_names.families
    return next(family.resources for family in families if family.kind == "thermal" and family.name == "on")
