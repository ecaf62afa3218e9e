"""Several forecasts as one: quantile functions averaged with weights that the past has earned them.

Averaging quantiles level by level keeps the forecast as sharp as its members (Lichtendahl, Grushka-Cockayne and Winkler
2013). The weights are those of least pinball loss over past forecasts, never negative, summing to one, one set per
group of lead times; groups with little history lean on all leads together, and all leads on equal weights.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats

ROUNDS = 200
POINTS_AT_MOST, LEVELS_AT_MOST = 4_000, 9
"""More tell the weights no better, only more slowly."""
POINTS_OF_DOUBT = 500.0


@dataclass(frozen=True)
class Weights:
    """How much each member counts at each group of lead times."""

    lead_edges_h: Floats
    shares: Floats
    """Groups x members; each row sums to one."""

    def at(self, lead_h: Floats) -> Floats:
        """Members' shares at these leads: points x members."""
        return np.asarray(self.shares[np.searchsorted(self.lead_edges_h, lead_h, side="right")])


def fitted(actual: Floats, members: Floats, levels: Floats, lead_h: Floats, lead_edges_h: Floats) -> Weights:
    """From past forecasts [members, points, levels] that did not know their actual values [points]."""
    known = np.isfinite(actual) & np.isfinite(members).all(axis=(0, 2))
    actual, members, lead_h = actual[known], members[:, known], lead_h[known]
    even = np.full(len(members), 1 / len(members))
    overall = _drawn_to(even, actual, members, levels)
    groups = np.searchsorted(lead_edges_h, lead_h, side="right")
    shares = [
        _drawn_to(overall, actual[groups == group], members[:, groups == group], levels)
        for group in range(len(lead_edges_h) + 1)
    ]
    return Weights(np.asarray(lead_edges_h, dtype=np.float64), np.array(shares))


def combined(weights: Weights, members: Floats, lead_h: Floats) -> Floats:
    """Quantiles [points, levels] of members [members, points, levels]; where one says nothing the others take over."""
    says: NDArray[np.bool_] = np.asarray(np.isfinite(members).all(axis=2))
    shares = weights.at(lead_h).T * says
    total = shares.sum(axis=0)
    # Where only members speak that have earned nothing, they speak alike.
    shares = np.where(total > 1e-9, shares, says)
    shares = shares / np.maximum(shares.sum(axis=0), 1e-9)
    mixed: Floats = np.einsum("mp,mpl->pl", shares, np.where(says[..., None], members, 0.0))
    mixed[~says.any(axis=0)] = np.nan
    return mixed


def _drawn_to(prior: Floats, actual: Floats, members: Floats, levels: Floats) -> Floats:
    """The weights of these points, leaning on what is known of more of them."""
    if not len(actual):
        return prior
    trust = len(actual) / (len(actual) + POINTS_OF_DOUBT)
    return trust * _best(actual, members, levels) + (1 - trust) * prior


def _best(actual: Floats, members: Floats, levels: Floats) -> Floats:
    """Least pinball loss over the simplex: exponentiated gradient (Kivinen and Warmuth 1997), mean of later rounds."""
    points = slice(None, None, max(1, len(actual) // POINTS_AT_MOST))
    some = np.unique(np.linspace(0, len(levels) - 1, min(LEVELS_AT_MOST, len(levels))).round().astype(np.intp))
    said = members[:, points][:, :, some]
    rows = said.reshape(len(said), -1)
    came = np.repeat(actual[points], len(some))
    level = np.tile(levels[some], said.shape[1])
    scale = float(np.mean(np.abs(rows - rows.mean(axis=0)))) + 1e-12
    logarithms = np.zeros(len(rows))
    total = np.zeros(len(rows))
    for turn in range(1, ROUNDS + 1):
        shares = np.exp(logarithms - logarithms.max())
        shares /= shares.sum()
        # The first half finds the way; only what comes after it counts.
        total += shares if 2 * turn > ROUNDS else 0.0
        slope = rows @ ((came < shares @ rows) - level) / len(level)
        logarithms -= 2.0 / np.sqrt(turn) * (slope - slope @ shares) / scale
    best: Floats = total / total.sum()
    return best
