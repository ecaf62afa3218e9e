"""A few scenarios with probabilities in place of many: what a stochastic commitment can afford.

Backward and forward reduction minimise the Kantorovich distance to the full set (Heitsch and Roemisch 2003); here
forward selection, then exchanges as in k-medoids, which never make it worse.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats

EXCHANGES = 20


@dataclass(frozen=True)
class Reduced:
    """Which scenarios are kept, how likely each is, and how far the others are from them on average."""

    kept: NDArray[np.int64]
    probabilities: Floats
    distance: float


def reduced(scenarios: Floats, count: int) -> Reduced:
    """The `count` scenarios that stand best for all [series, steps, scenarios]; a series weighs by its own spread."""
    distances = _distances(scenarios)
    kept = _selected(distances, min(count, len(distances)))
    kept = _exchanged(distances, kept)
    nearest = distances[:, kept].argmin(axis=1)
    probabilities = np.bincount(nearest, minlength=len(kept)) / len(distances)
    return Reduced(np.array(kept), probabilities, float(distances[:, kept].min(axis=1).mean()))


def _distances(scenarios: Floats) -> Floats:
    """Scenarios x scenarios: Euclidean, with each series scaled by its spread over the scenarios."""
    series, steps, count = scenarios.shape
    centred = scenarios - scenarios.mean(axis=2, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=(1, 2), keepdims=True))
    rows = (centred / np.where(spread > 1e-12, spread, 1.0)).reshape(series * steps, count)
    products = rows.T @ rows
    squares = np.diag(products)
    distances: Floats = np.sqrt(np.maximum(squares[:, None] + squares[None, :] - 2 * products, 0.0))
    return distances


def _selected(distances: Floats, count: int) -> list[int]:
    """Forward selection: one after the other the scenario that brings the rest nearest."""
    nearest = np.full(len(distances), np.inf)
    kept: list[int] = []
    for _ in range(count):
        left = np.minimum(nearest[:, None], distances).sum(axis=0)
        left[kept] = np.inf
        kept.append(int(left.argmin()))
        nearest = np.minimum(nearest, distances[:, kept[-1]])
    return kept


def _exchanged(distances: Floats, kept: list[int]) -> list[int]:
    """Moves each kept scenario to the middle of those that it stands for, until nothing moves."""
    for _ in range(EXCHANGES):
        nearest = distances[:, kept].argmin(axis=1)
        groups = [np.flatnonzero(nearest == place) for place in range(len(kept))]
        moved = [int(group[distances[np.ix_(group, group)].sum(axis=0).argmin()]) for group in groups]
        if moved == kept:
            break
        kept = moved
    return kept
