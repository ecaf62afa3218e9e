"""First prices from the same case in hours: they are nearly right, and the hourly problem is many times easier."""

import numpy as np

from grid_models.case import Case
from grid_models.coarse import coarsened
from grid_models.quantities import Floats
from services.dispatch.assembly import build
from services.dispatch.decomposition.daily import daily_prices
from services.dispatch.decomposition.generation import GENTLE, Generation
from services.dispatch.decomposition.split import Split, split
from services.dispatch.model import Family

TARGET = 1e-4


def hourly_prices(case: Case, parts: Split, deadline: float) -> Floats | None:
    """Prices of the master's rows from the case in steps of an hour; None where its steps are no part of an hour."""
    group = 60 // case.horizon.step_min
    if group < 2 or case.horizon.step_min * group != 60 or case.steps % group:
        return None
    easier = coarsened(case, group)
    coarse = split(easier, build(easier).pack())
    if coarse is None:
        return None
    generation = Generation(easier, coarse, lambda _: None)
    first = daily_prices(easier, coarse, deadline)
    if first is not None:
        generation.start_at(np.where(np.isnan(first), generation.prices, first), GENTLE)
    generation.run(TARGET, deadline)
    if not np.isfinite(generation.bound):
        return None
    return spread(generation.prices, coarse, parts, group)


def spread(prices: Floats, coarse: Split, fine: Split, group: int) -> Floats:
    """A row's price per hour holds for each part of the hour."""
    known = {_name(family): family for family in coarse.matrix.row_names.families}
    of_row = np.zeros(coarse.matrix.shape[0])
    of_row[coarse.master_rows] = prices
    found = np.zeros(fine.matrix.shape[0])
    for family in fine.matrix.row_names.families:
        other = known.get(_name(family))
        if other is None or family.places is not None or other.places is not None or family.shape[-1] % group:
            continue
        if other.shape == (*family.shape[:-1], family.shape[-1] // group):
            by_hour = of_row[other.first : other.first + other.size].reshape(other.shape)
            found[family.first : family.first + family.size] = (np.repeat(by_hour, group, axis=-1) / group).ravel()
    return found[fine.master_rows]


def _name(family: Family) -> tuple[str, str, tuple[str, ...]]:
    return family.kind, family.name, family.resources
