"""Sums that agree: what the plants, the zones and the province say about the same future is one story.

Quantiles do not add; scenarios do. The quantiles of a sum are read from the sums of its members' joint scenarios, and
where the sum has a forecast of its own (often the better one: errors cancel) its scenarios are moved to it, rank by
rank, and the members share the move in proportion to how uncertain they are, within what they can deliver.
"""

import numpy as np

from grid_models.quantities import Floats

PASSES = 5


def quantiles_of_sum(members: Floats, levels: Floats) -> Floats:
    """Steps x levels of the sum of joint scenarios [members, steps, scenarios]."""
    read: Floats = np.moveaxis(np.quantile(members.sum(axis=0), levels, axis=-1), 0, -1)
    return read


def reconciled(members: Floats, of_sum: Floats, levels: Floats, capacity: Floats) -> Floats:
    """Members' scenarios whose sums follow the sum's own quantiles [steps, levels].

    `capacity` [members, steps], infinite where there is none, and zero bound every member. Where the bounds do not
    let the members reach the sum's forecast, the sum gives way: sums always agree exactly.
    """
    sums = members.sum(axis=0)
    wanted = _with_order_of(sums, of_sum, levels)
    spread = members.std(axis=-1, keepdims=True)
    moved = members.copy()
    for _ in range(PASSES):
        missing = wanted - moved.sum(axis=0)
        free = spread * np.where(missing > 0, moved < capacity[..., None], moved > 0)
        total = free.sum(axis=0)
        step = free * np.where(total > 1e-12, missing / np.where(total > 1e-12, total, 1), 0.0)
        moved = np.clip(moved + step, 0.0, capacity[..., None])
    return moved


def _with_order_of(sums: Floats, of_sum: Floats, levels: Floats) -> Floats:
    """The sum's own forecast, drawn as often as there are scenarios, in the order of the members' sums."""
    count = sums.shape[-1]
    spread = (np.arange(count) + 0.5) / count
    values = np.stack([np.interp(spread, levels, row) for row in of_sum])
    ordered: Floats = np.take_along_axis(values, sums.argsort(axis=-1).argsort(axis=-1), axis=-1)
    return ordered
