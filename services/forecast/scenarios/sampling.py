"""Joint futures out of quantiles: each series keeps its own, the copula or the past says how they go together."""

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.forecast.scenarios.dependence import Dependence


def scenarios(quantiles: Floats, levels: Floats, dependence: Dependence, count: int, seed: int = 1) -> Floats:
    """Equally likely futures [series, steps, count] of quantiles [series, steps, levels].

    Each series and step uses `count` evenly spread levels, each once, in the order that the copula gives: the
    scenarios have the forecast's quantiles exactly as well as `count` values can (stratified sampling).
    """
    deviates = dependence.deviates(count, seed)
    return _ordered(quantiles, levels, deviates.argsort(axis=-1))


def shuffled(quantiles: Floats, levels: Floats, past: Floats) -> Floats:
    """Futures [series, steps, days] whose order at each step is that of past days [series, steps, days].

    The Schaake shuffle (Clark et al. 2004): no distribution is assumed for how places and hours go together.
    """
    return _ordered(quantiles, levels, past.argsort(axis=-1, kind="stable"))


def _ordered(quantiles: Floats, levels: Floats, order: NDArray[np.int64]) -> Floats:
    """Evenly spread values of each row, the smallest where `order` begins."""
    count = order.shape[-1]
    values = _read(quantiles, levels, (np.arange(count) + 0.5) / count)
    ordered = np.empty_like(values)
    np.put_along_axis(ordered, order, values, axis=-1)
    return ordered


def _read(quantiles: Floats, levels: Floats, wanted: Floats) -> Floats:
    """Linear between the levels; beyond the outermost ones, those: what was not said is not made up."""
    inside = np.clip(wanted, levels[0], levels[-1])
    place = np.clip(np.searchsorted(levels, inside, side="right") - 1, 0, len(levels) - 2)
    share = (wanted - levels[place]) / (levels[place + 1] - levels[place])
    lower, upper = quantiles[..., place], quantiles[..., place + 1]
    read: Floats = lower + share * (upper - lower)
    return read
