"""How the surprises of several series hang together, in space and in time: a Gaussian copula learned from the past.

A surprise is the place of what came within its forecast, as a standard normal deviate. Within a series it remembers
itself from step to step (one correlation matrix per kind of series); between series the innovations of the same step
are correlated (one matrix over all series, load and renewables alike). The correlation of series i at step s and
series j at step t is then `between[i, j] (L_i L_j')[s, t]` with the Cholesky factors L of the two kinds: always a
valid covariance, and small enough for hundreds of plants. Pinson et al. (2009), From probabilistic forecasts to
statistical scenarios of short-term wind power production.

Rough days are rough throughout, which no correlation says: so as many of the scenarios as the past bears out are led by
days that were seen, each a little disturbed by the copula (as the Schaake shuffle of Clark et al. 2004, smoothed).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from grid_models.quantities import Floats

# What is not seen in the past is taken to be like this: so much of the correlation is left after a quarter of an hour.
MEMORY_H = {"load": 12.0, "wind": 8.0, "solar": 4.0, "hydro_inflow": 48.0}
SHRINKAGE_DAYS = 10.0
DECORRELATION_KM = 300.0
DAYS_OF_DOUBT = 60.0
"""So many past days lead half of the scenarios."""
DISTURBED = 0.3
"""How much of a scenario that follows a past day is the copula's: no two of them are alike."""


@dataclass(frozen=True)
class Dependence:
    """Correlations of the surprises of `kinds` (one entry per series)."""

    kinds: tuple[str, ...]
    step_min: int
    in_time: dict[str, Floats]
    """Of each kind: steps x steps."""
    between: Floats
    """Series x series, of the innovations of one step."""
    seen: Floats = field(default_factory=lambda: np.empty((0, 0, 0)))
    """Surprises of past days: days x series x steps; NaN where nothing was uncertain or known."""

    def deviates(self, count: int, seed: int) -> NDArray[np.float32]:
        """Joint standard normal deviates: series x steps x count."""
        steps = next(iter(self.in_time.values())).shape[0]
        # Half precision of the ordinary is plenty for an order of scenarios, and twice as fast.
        fresh = np.random.default_rng(seed).standard_normal((len(self.kinds), steps * count), dtype=np.float32)
        mixed = (_factor(self.between).astype(np.float32) @ fresh).reshape(len(self.kinds), steps, count)
        factors = {kind: _factor(matrix).astype(np.float32) for kind, matrix in self.in_time.items()}
        for place, kind in enumerate(self.kinds):
            mixed[place] = factors[kind] @ mixed[place]
        return self._led_by_days(mixed, seed)

    def _led_by_days(self, drawn: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
        """Some of the scenarios after past days, each day about as often; where a day is silent the copula speaks."""
        days = len(self.seen)
        led = round(drawn.shape[2] * days / (days + DAYS_OF_DOUBT))
        if led:
            chosen = np.random.default_rng(seed).permutation(np.arange(led) % days)
            past = np.moveaxis(self.seen[chosen], 0, -1)
            near = np.sqrt(1 - DISTURBED**2) * past + DISTURBED * drawn[:, :, :led]
            drawn[:, :, :led] = np.where(np.isfinite(past), near, drawn[:, :, :led])
        return drawn


def surprises(actual: Floats, quantiles: Floats, levels: Floats, seed: int = 0) -> Floats:
    """The place of what came within its forecast, as a normal deviate; NaN where nothing was uncertain.

    Where several levels share a value (zero output, full capacity) the place is drawn among them.
    """
    lower = (quantiles < actual[..., None] - 1e-12).sum(axis=-1)
    upper = (quantiles <= actual[..., None] + 1e-12).sum(axis=-1)
    edges = np.concatenate(([0.0], levels, [1.0]))
    low, high = edges[lower], edges[np.minimum(upper + 1, len(levels) + 1)]
    drawn = low + (high - low) * np.random.default_rng(seed).uniform(size=np.shape(actual))
    known = np.isfinite(actual) & (quantiles[..., -1] - quantiles[..., 0] > 1e-9)
    return np.where(known, ndtri(np.clip(drawn, 1e-4, 1 - 1e-4)), np.nan)


def learned(past: Floats, kinds: Sequence[str], step_min: int, distance_km: Floats | None = None) -> Dependence:
    """From past surprises [issues, series, steps]; where the past is thin, typical memory and distance decide."""
    steps = past.shape[2]
    in_time = {kind: _in_time(past[:, _of(kinds, kind)], kind, steps, step_min) for kind in sorted(set(kinds))}
    between = _between(past, kinds, in_time, distance_km)
    return Dependence(tuple(kinds), step_min, in_time, between, past[np.isfinite(past).any(axis=(1, 2))])


def typical(kinds: Sequence[str], steps: int, step_min: int, distance_km: Floats | None = None) -> Dependence:
    """Without any past."""
    return learned(np.empty((0, len(kinds), steps)), kinds, step_min, distance_km)


def independent(kinds: Sequence[str], steps: int, step_min: int) -> Dependence:
    """No series and no step knows of another: what honest scenarios are compared with."""
    return Dependence(tuple(kinds), step_min, {kind: np.eye(steps) for kind in set(kinds)}, np.eye(len(kinds)))


def _of(kinds: Sequence[str], kind: str) -> list[int]:
    return [place for place, other in enumerate(kinds) if other == kind]


def _in_time(past: Floats, kind: str, steps: int, step_min: int) -> Floats:
    """Pooled over the series of the kind, drawn towards typical memory where few issues were seen."""
    lags_h = np.abs(np.subtract.outer(np.arange(steps), np.arange(steps))) * step_min / 60
    seen, pairs = _correlation(past.reshape(-1, steps))
    memory = np.exp(-lags_h / _memory_h(seen, pairs, lags_h, kind))
    # Series that share a day's weather are no independent witnesses: days count, not rows.
    days = pairs * past.shape[0] / max(past.shape[0] * past.shape[1], 1)
    trust = days / (days + SHRINKAGE_DAYS)
    return _valid(trust * np.where(pairs > 2, seen, 0) + (1 - trust) * memory)


def _memory_h(seen: Floats, pairs: Floats, lags_h: Floats, kind: str) -> float:
    """Hours after which a surprise is forgotten to 1/e: fitted on lags up to six hours, else the typical one."""
    near = (lags_h > 0) & (lags_h <= 6) & (pairs > 2) & (seen > 0.02)
    if near.sum() < 2:
        return MEMORY_H.get(kind, 8.0)
    return float(np.clip(-(lags_h[near] ** 2).sum() / (lags_h[near] * np.log(seen[near])).sum(), 0.25, 240.0))


def _between(past: Floats, kinds: Sequence[str], in_time: dict[str, Floats], distance_km: Floats | None) -> Floats:
    """Correlation of innovations, from that of the surprises of the same step."""
    count = len(kinds)
    seen, pairs = _correlation(past.transpose(0, 2, 1).reshape(-1, count))
    near = np.eye(count) if distance_km is None else np.exp(-distance_km / DECORRELATION_KM)
    prior = np.where(np.equal.outer(np.array(kinds), np.array(kinds)), near, 0.0)
    days = pairs / max(past.shape[2], 1)
    trust = days / (days + SHRINKAGE_DAYS)
    surprise = trust * np.where(pairs > 2, seen, 0) + (1 - trust) * prior
    return _valid(surprise / _dampening(kinds, in_time))


def _dampening(kinds: Sequence[str], in_time: dict[str, Floats]) -> Floats:
    """How much of the innovations' correlation is left between surprises of two kinds with unlike memories."""
    factors = {kind: _factor(matrix) for kind, matrix in in_time.items()}
    left = {(a, b): float(np.mean((factors[a] * factors[b]).sum(axis=1))) for a in factors for b in factors}
    return np.array([[max(left[a, b], 0.2) for b in kinds] for a in kinds])


def _correlation(rows: Floats) -> tuple[Floats, Floats]:
    """Correlation of the columns about zero over the rows where both are known, and the number of such rows."""
    known = np.isfinite(rows)
    filled = np.where(known, rows, 0.0)
    pairs = known.astype(float).T @ known
    squares = (filled**2).T @ known
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = filled.T @ filled / np.sqrt(squares * squares.T)
    return np.where(np.isfinite(correlation), np.clip(correlation, -1, 1), 0.0), pairs


def _valid(matrix: Floats) -> Floats:
    """The nearest thing that is a correlation matrix: no negative eigenvalue, ones on the diagonal."""
    symmetric = np.clip((matrix + matrix.T) / 2, -1, 1)
    np.fill_diagonal(symmetric, 1.0)
    values, vectors = np.linalg.eigh(symmetric)
    repaired = (vectors * np.maximum(values, 1e-6)) @ vectors.T
    scale = np.sqrt(np.diag(repaired))
    return np.asarray(repaired / np.outer(scale, scale), dtype=np.float64)


def _factor(matrix: Floats) -> Floats:
    return np.asarray(np.linalg.cholesky(matrix + 1e-9 * np.eye(len(matrix))), dtype=np.float64)
