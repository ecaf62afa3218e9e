"""Quantiles as a function of the level: making them rise, reading them elsewhere, mixing several."""

import numpy as np

from grid_models.quantities import Floats


def rising(quantiles: Floats) -> Floats:
    """Quantiles [..., levels] that do not cross: sorted (Chernozhukov, Fernandez-Val and Galichon 2010)."""
    return np.sort(quantiles, axis=-1)


def at_levels(quantiles: Floats, levels: Floats, wanted: Floats) -> Floats:
    """Quantiles [..., levels] read at other levels: linear between, beyond the outermost ones along the last slope.

    The tail is drawn as that of a normal distribution through the two outermost levels on its side.
    """
    from scipy.special import ndtri

    if len(levels) == len(wanted) and np.allclose(levels, wanted):
        return quantiles
    place = np.clip(np.searchsorted(levels, wanted) - 1, 0, len(levels) - 2)
    outside = (wanted < levels[0]) | (wanted > levels[-1])
    share = (wanted - levels[place]) / (levels[place + 1] - levels[place])
    deviates = ndtri(levels)
    tail = (ndtri(wanted) - deviates[place]) / (deviates[place + 1] - deviates[place])
    share = np.where(outside, tail, share)
    lower, upper = quantiles[..., place], quantiles[..., place + 1]
    read: Floats = lower + share * (upper - lower)
    return read


def averaged(quantiles: Floats, weights: Floats) -> Floats:
    """Several forecasts [models, ..., levels] averaged level by level: as sharp as they are (Lichtendahl 2013)."""
    mixed: Floats = np.tensordot(weights / weights.sum(), quantiles, axes=1)
    return mixed
