"""How an ensemble comes about: every model is tried on days that it does not know, then learns from all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations

import numpy as np
from numpy.typing import NDArray

from grid_models.forecast import Basis
from grid_models.quantities import Floats
from services.forecast.backtest import Rolling, Said, said_in_fold
from services.forecast.ensemble import Ensemble, Mixture, Past, regimes, scales
from services.forecast.known import Known, Moment, Moments
from services.forecast.models.base import Model, Need, NotEnoughHistory, Task, Trained
from services.forecast.probabilistic import combination, conformal
from services.forecast.probabilistic.quantile_functions import at_levels, rising
from services.forecast.regimes import LEAD_EDGES_H, REGIMES
from services.forecast.scenarios.dependence import surprises
from services.forecast.scoring import scores

LEVELS = np.concatenate(([0.01, 0.025], np.arange(1, 20) / 20, [0.975, 0.99]))
"""At which mixtures are weighed and calibrated."""
BASELINES = frozenset({"climatology", "persistence", "similar_day"})
UNHEARD = 0.02
"""A member that weighs less than this at every lead is not asked: it would cost its time and change nothing."""
SERIES_AT_MOST = 60
"""A mixture learns its weights from no more series than this: they tell much the same."""


def trained(models: Mapping[str, Model], known: Sequence[Known], task: Task, holdout_days: int = 28) -> Ensemble:
    """Learn from all that is known: first without the last days, to be tried on them; then with them.

    Models that find too little history are left out; raises `NotEnoughHistory` if all do.
    """
    kind = known[0].series.kind
    said = _tried(models, known, task, holdout_days)
    learned: dict[str, Trained] = {}
    faults: list[str] = []
    for name, model in models.items():
        try:
            learned[name] = model.train(known, task)
        except NotEnoughHistory as too_little:
            faults.append(f"{name}: {too_little}")
    if not learned:
        raise NotEnoughHistory("; ".join(faults))
    mixtures = _mixtures({name: models[name] for name in learned}, said, known)
    return Ensemble(kind, task, learned, mixtures, _past(mixtures, said, known, task))


def _tried(models: Mapping[str, Model], known: Sequence[Known], task: Task, days: int) -> dict[str, Said]:
    """What each model would have said on the last days, had it not known them; models that could not are left out."""
    sample = known[:: -(-len(known) // SERIES_AT_MOST)]
    origins = _origins(max(one.origin for one in known), task, days)
    rolling = Rolling(origins, task, LEVELS, folds=1)
    tried = {}
    for name, model in models.items():
        try:
            tried[name] = said_in_fold(model.train, sample, rolling, origins)
        except NotEnoughHistory:
            continue
    return tried


def _origins(end: Moment, task: Task, days: int) -> Moments:
    """One a day, so that the last one's steps have come; the times of the day in turn."""
    hours = task.origins_utc_h or (0.0, 7.0, 13.0, 19.0)
    last = (end - np.timedelta64(round(task.last_lead_h * 3600), "s")).astype("datetime64[D]")
    first = last - np.timedelta64(days, "D")
    each = [
        (first + np.timedelta64(day, "D")).astype("datetime64[s]")
        + np.timedelta64(round(hours[day % len(hours)] * 3600), "s")
        for day in range(days)
    ]
    return np.array(each, dtype="datetime64[s]")


def _mixtures(models: Mapping[str, Model], said: Mapping[str, Said], known: Sequence[Known]) -> tuple[Mixture, ...]:
    """One for every state of what is there that makes a difference, the richest first."""
    needs = sorted({need for model in models.values() for need in model.needs})
    states = chain.from_iterable(combinations(needs, size) for size in range(len(needs), -1, -1))
    mixtures: list[Mixture] = []
    for there in map(frozenset, states):
        members = tuple(name for name, model in models.items() if model.needs <= there)
        if members and all(members != other.members for other in mixtures):
            mixtures.append(_mixture(frozenset(there), members, models, said, known))
    return tuple(_named_by_what_is_best(mixtures))


def _named_by_what_is_best(mixtures: list[Mixture]) -> list[Mixture]:
    """Full is what has everything but, perhaps, a forecast that somebody brings."""
    richest = max((mixture.there - {"brought"} for mixture in mixtures), key=len)
    return [
        replace(mixture, basis="full") if mixture.basis != "climatology" and mixture.there >= richest else mixture
        for mixture in mixtures
    ]


def _mixture(
    there: frozenset[Need],
    members: tuple[str, ...],
    models: Mapping[str, Model],
    said: Mapping[str, Said],
    known: Sequence[Known],
) -> Mixture:
    basis: Basis = "climatology" if set(members) <= BASELINES else "degraded"
    tried = tuple(name for name in members if name in said)
    if not tried:
        weights = combination.fitted(
            np.array([]), np.empty((len(members), 0, len(LEVELS))), LEVELS, np.array([]), LEAD_EDGES_H
        )
        return Mixture(there, basis, members, weights, _uncalibrated())
    weights, calibration = _Trial.of([said[name] for name in tried], known).learned()
    heard = tuple(name for name, share in zip(tried, weights.shares.max(axis=0), strict=True) if share >= UNHEARD)
    if heard != tried:
        tried = heard
        weights, calibration = _Trial.of([said[name] for name in tried], known).learned()
    return Mixture(there, basis, tried, weights, calibration)


@dataclass(frozen=True)
class _Trial:
    """What the members of one mixture said on the tried days, point by point, in shares of each series' scale."""

    actual: Floats
    members: Floats
    """Members x points x levels."""
    lead_h: Floats
    days: NDArray[np.intp]
    shape: tuple[int, ...]
    said: Said
    known: list[Known]

    @classmethod
    def of(cls, tried: Sequence[Said], known: Sequence[Known]) -> "_Trial":
        by_name = {one.series.name: one for one in known}
        mine = [by_name[name] for name in tried[0].series]
        scale = scales(mine)
        shape = tried[0].actual.shape
        return cls(
            (tried[0].actual / scale[None, :, None]).ravel(),
            np.stack([(one.quantiles / scale[None, :, None, None]).reshape(-1, len(LEVELS)) for one in tried]),
            np.broadcast_to(tried[0].lead_h()[:, None, :], shape).ravel(),
            np.broadcast_to(np.arange(shape[0])[:, None, None], shape).ravel(),
            shape,
            tried[0],
            mine,
        )

    def learned(self, days: int | None = None) -> tuple[combination.Weights, conformal.Calibration]:
        """Weights and calibration from the first of the days, or from all."""
        chosen = self.days < (days or self.shape[0])
        actual = np.where(chosen, self.actual, np.nan)
        weights = combination.fitted(actual, self.members, LEVELS, self.lead_h, LEAD_EDGES_H)
        mixed = self.mixed(weights)
        return weights, conformal.fitted(
            actual,
            mixed,
            LEVELS,
            lead_h=self.lead_h,
            regime=self._regimes(mixed),
            days=self.days,
            lead_edges_h=LEAD_EDGES_H,
            regimes=REGIMES,
        )

    def mixed(self, weights: combination.Weights) -> Floats:
        return rising(combination.combined(weights, self.members, self.lead_h))

    def honest(self, weights: combination.Weights, calibration: conformal.Calibration) -> Floats:
        """Points x levels, calibrated."""
        mixed = self.mixed(weights)
        return conformal.calibrated(
            calibration, mixed, LEVELS, lead_h=self.lead_h, regime=self._regimes(mixed), lower=0.0
        )

    def _regimes(self, mixed: Floats) -> NDArray[np.intp]:
        by_row = mixed.reshape(*self.shape, -1)
        rows = [
            regimes(one, by_row[origin, place], LEVELS, self.said.times[origin])
            for origin in range(self.shape[0])
            for place, one in enumerate(self.known)
        ]
        return np.concatenate(rows)


def _past(mixtures: Sequence[Mixture], said: Mapping[str, Said], known: Sequence[Known], task: Task) -> Past | None:
    """How the richest mixture that could be tried did on the tried days."""
    possible = [mixture for mixture in mixtures if set(mixture.members) <= set(said)]
    if not possible:
        return None
    trial = _Trial.of([said[name] for name in possible[0].members], known)
    quantiles = trial.honest(possible[0].weights, possible[0].calibration)
    places = surprises(trial.actual, quantiles, LEVELS).reshape(trial.shape)
    return Past(trial.said.series, trial.said.origins, task.step_min, places, _scores(trial))


def _scores(trial: _Trial) -> dict[str, float]:
    """Of the second half of the days, when weights and calibration come from the first."""
    half = trial.shape[0] // 2
    later = (trial.days >= half) & np.isfinite(trial.actual)
    if not half or not later.any():
        return {}
    quantiles = trial.honest(*trial.learned(half))[later]
    actual = trial.actual[later]
    ends = at_levels(quantiles, LEVELS, np.array([0.05, 0.5, 0.95])).T
    return {
        "pinball": scores.mean_pinball(actual, quantiles, LEVELS),
        "coverage_90": scores.coverage(actual, ends[0], ends[2]),
        "width_90": scores.width(ends[0], ends[2]),
        "nmae": scores.mean_absolute_error(actual, ends[1]),
        "nrmse": scores.root_mean_square_error(actual, ends[1]),
    }


def _even(members: int) -> combination.Weights:
    nothing = np.array([])
    return combination.fitted(nothing, np.empty((members, 0, len(LEVELS))), LEVELS, nothing, LEAD_EDGES_H)


def _uncalibrated() -> conformal.Calibration:
    """Of a mixture that could not be tried: every quantile stays, and is widened as without any history."""
    nothing, nowhere = np.array([]), np.array([], dtype=np.intp)
    return conformal.fitted(
        nothing,
        np.empty((0, len(LEVELS))),
        LEVELS,
        lead_h=nothing,
        regime=nowhere,
        days=nowhere,
        lead_edges_h=LEAD_EDGES_H,
        regimes=REGIMES,
    )
