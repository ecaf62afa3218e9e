"""Joint futures of plants, zones and the province, out of the forecasts of each: sums agree, weather is shared."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from grid_models.forecast import Basis, SeriesDescription
from grid_models.quantities import Floats
from services.forecast.champions import Champions
from services.forecast.ensemble import Past
from services.forecast.errors import Unusable
from services.forecast.issuing import Question, Said, answers
from services.forecast.known import Moments
from services.forecast.scenarios.coherence import reconciled
from services.forecast.scenarios.dependence import Dependence, learned
from services.forecast.scenarios.reduction import reduced
from services.forecast.scenarios.sampling import scenarios
from services.forecast.store import Store

LEVELS = (0.005, *(place / 40 for place in range(1, 40)), 0.995)
EARTH_RADIUS_KM = 6371.0
FAR_KM = 1e6
"""Between series of which one has no position: nothing is known of what they share."""
WORST_LAST: tuple[Basis, ...] = ("full", "degraded", "climatology")


@dataclass(frozen=True)
class Joint:
    """Futures of several series over the same steps."""

    series: tuple[SeriesDescription, ...]
    times: Moments
    step_min: int
    values: Floats
    """Series x steps x scenarios."""
    probabilities: Floats
    basis: Basis
    reasons: tuple[str, ...]

    def of(self, name: str) -> Floats:
        """Scenarios x steps of one series."""
        place = [one.name for one in self.series].index(name)
        return np.asarray(self.values[place].T)

    def fewer(self, count: int) -> "Joint":
        """The scenarios that stand best for all, with their probabilities."""
        few = reduced(self.values, count)
        return replace(self, values=self.values[:, :, few.kept], probabilities=few.probabilities)


def joint(
    store: Store, champions: Champions, names: Sequence[str], question: Question, count: int = 200, seed: int = 1
) -> Joint:
    """`count` equally likely futures of these series; a sum of others is the sum of its members' futures.

    Where a sum is observed itself, its members' futures are moved to follow its own forecast.
    """
    described = _with_members(store, names)
    sums = {one.name: one.members for one in described.values() if one.members}
    leaves = [name for name in described if name not in sums]
    measured = [name for name in sums if _is_observed(store, name, question)]
    said = answers(store, champions, [*leaves, *measured], replace(question, levels=LEVELS))
    steps = {some.step_min for some in said}
    if len(steps) != 1 or len({some.times[0] for some in said}) != 1:
        raise Unusable(f"joint scenarios need one step and one clock; these series have steps of {sorted(steps)} min")
    quantiles = {one.name: row for some in said for one, row in zip(some.series, some.quantiles, strict=True)}
    order = [one for some in said for one in some.series if one.name in set(leaves)]
    drawn = scenarios(
        np.stack([quantiles[one.name] for one in order]), np.array(LEVELS), _dependence(said, order), count, seed
    )
    values = {one.name: drawn[place] for place, one in enumerate(order)}
    _reconcile(values, sums, {name: quantiles[name] for name in measured}, described, said[0].times)
    wanted = tuple(described[name] for name in names)
    return Joint(
        wanted,
        said[0].times,
        said[0].step_min,
        np.stack([_summed(name, values, sums) for name in names]),
        np.full(count, 1 / count),
        max((basis for some in said for basis in some.basis), key=WORST_LAST.index),
        tuple(dict.fromkeys(words for some in said for reasons in some.reasons for words in reasons)),
    )


def _with_members(store: Store, names: Sequence[str]) -> dict[str, SeriesDescription]:
    """These series and all that they are sums of."""
    found: dict[str, SeriesDescription] = {}
    left = list(dict.fromkeys(names))
    while left:
        described = store.series.many(left)
        found |= {one.name: one for one in described}
        left = [name for name in dict.fromkeys(m for one in described for m in one.members) if name not in found]
    return found


def _is_observed(store: Store, name: str, question: Question) -> bool:
    recent = store.known(name, question.origin, question.origin - np.timedelta64(14, "D"))
    return bool(np.isfinite(recent.observed.values).any())


def _reconcile(
    values: dict[str, Floats],
    sums: dict[str, tuple[str, ...]],
    own: dict[str, Floats],
    described: dict[str, SeriesDescription],
    times: Moments,
) -> None:
    """Moves the leaves of each measured sum to its own forecast, the smaller sums first."""
    for name in sorted(own, key=lambda name: len(_leaves(name, sums))):
        leaves = _leaves(name, sums)
        capacity = np.stack([_capacity_mw(described[leaf], times) for leaf in leaves])
        moved = reconciled(np.stack([values[leaf] for leaf in leaves]), own[name], np.array(LEVELS), capacity)
        values.update(zip(leaves, moved, strict=True))


def _leaves(name: str, sums: dict[str, tuple[str, ...]]) -> list[str]:
    if name not in sums:
        return [name]
    return list(dict.fromkeys(leaf for member in sums[name] for leaf in _leaves(member, sums)))


def _summed(name: str, values: dict[str, Floats], sums: dict[str, tuple[str, ...]]) -> Floats:
    total: Floats = np.sum([values[leaf] for leaf in _leaves(name, sums)], axis=0)
    return total


def _capacity_mw(series: SeriesDescription, times: Moments) -> Floats:
    entries = series.capacity_mw
    return np.full(len(times), entries[-1].capacity_mw if entries else np.inf)


def _dependence(said: Sequence[Said], order: Sequence[SeriesDescription]) -> Dependence:
    """From how the ensembles' surprises went together when they were tried, and from distance."""
    first = said[0]
    lead = round(float((first.times[0] - first.known[0].origin) / np.timedelta64(first.step_min, "m")))
    pasts = [some.ensemble.past for some in said]
    past = _joined([one for one in pasts if one], [one.name for one in order], lead, len(first.times), first.step_min)
    return learned(past, [one.kind for one in order], first.step_min, distances_km(order))


def _joined(pasts: Sequence[Past], names: Sequence[str], lead: int, steps: int, step_min: int) -> Floats:
    """Surprises [origins, series, steps] of the leads that are asked for; NaN where none was seen."""
    fitting = [past for past in pasts if past.step_min == step_min]
    origins = np.unique(np.concatenate([past.origins for past in fitting])) if fitting else np.array([])
    joined = np.full((len(origins), len(names), steps), np.nan)
    for past in fitting:
        rows = np.searchsorted(origins, past.origins)
        there = min(steps, past.surprises.shape[2] - lead)
        for place, name in enumerate(names):
            if name in past.series and there > 0:
                mine = past.surprises[:, past.series.index(name)]
                joined[rows, place, :there] = mine[:, lead : lead + there]
    return joined


def distances_km(series: Sequence[SeriesDescription]) -> Floats:
    """Between each two, along the surface (haversine)."""
    nowhere = float("nan")
    places = [(nowhere if one.latitude is None else one.latitude, one.longitude or 0.0) for one in series]
    at = np.radians(np.array(places, dtype=np.float64))
    half = np.sin((at[:, None] - at[None]) / 2) ** 2
    share = half[..., 0] + np.cos(at[:, None, 0]) * np.cos(at[None, :, 0]) * half[..., 1]
    distance = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(share, 1)))
    known = np.where(np.isfinite(distance), distance, FAR_KM)
    np.fill_diagonal(known, 0.0)
    return known
