"""Several models as one forecaster: mixed by skill, made honest, and never without an answer.

For every state of what may be there at an origin (weather or not, a recent past or not, a brought forecast or not) the
models that can work then form a mixture with its own weights and its own calibration (see stacking.py); so an answer on
less is wider by as much as the past says it must be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from grid_models.forecast import Basis, SeriesKind
from grid_models.quantities import Floats
from services.forecast.availability import availabilities
from services.forecast.known import Known, Moments
from services.forecast.models.base import Model, Need, NotEnoughHistory, Task, Trained
from services.forecast.models.kept import packed, unpacked
from services.forecast.models.registry import MODELS
from services.forecast.probabilistic import combination, conformal
from services.forecast.probabilistic.quantile_functions import at_levels, rising
from services.forecast.regimes import regime_of

SPREAD_LEVELS = np.array([0.1, 0.5, 0.9])
"""Always asked of the members, for calibration measures in spreads of the forecast."""


HEARD_FROM = 0.02
"""Share from which on a member is asked."""


@dataclass(frozen=True)
class Mixture:
    """The models that can work on what is there, and how they go together."""

    there: frozenset[Need]
    basis: Basis
    members: tuple[str, ...]
    weights: combination.Weights
    calibration: conformal.Calibration


@dataclass(frozen=True)
class Past:
    """How the ensemble did on the days on which it was tried: what scenarios and verdicts are made from."""

    series: tuple[str, ...]
    origins: Moments
    step_min: int
    surprises: Floats
    """Origins x series x steps from the origin on; see scenarios/dependence.py."""
    scores: dict[str, float]
    """Of the second half of the days, weighed and calibrated on the first."""


@dataclass(frozen=True)
class Answer:
    """Quantiles of several series [series, times, levels], and of each on what they rest."""

    quantiles: Floats
    basis: tuple[Basis, ...]
    reasons: tuple[tuple[str, ...], ...]
    members: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Uncalibrated:
    """What the members of a mixture say together, point by point, in shares of each series' scale."""

    quantiles: Floats
    lead_h: Floats
    regime: NDArray[np.intp]
    upper: Floats
    scale: Floats


@dataclass(frozen=True)
class Ensemble:
    """Trained models of one kind and their mixtures."""

    kind: SeriesKind
    task: Task
    trained: Mapping[str, Trained]
    mixtures: tuple[Mixture, ...]
    past: Past | None = None
    """None where there was too little history to be tried on."""

    def quantiles(self, known: Sequence[Known], times: Moments, levels: Floats) -> Floats:
        """Series x times x levels, as of any model."""
        return self.answer(known, times, levels).quantiles

    def answer(self, known: Sequence[Known], times: Moments, levels: Floats) -> Answer:
        """Each series by the richest mixture that what is there allows."""
        asked, levels = levels, np.union1d(levels, SPREAD_LEVELS)
        there = availabilities(known, times)
        chosen = [self._mixture(one.there) for one in there]
        quantiles = np.empty((len(known), len(times), len(levels)))
        for mixture in self.mixtures:
            mine = [place for place, other in enumerate(chosen) if other is mixture]
            if not mine:
                continue
            quantiles[mine] = self._mixed(mixture, [known[place] for place in mine], times, levels)
        reasons = (one.reasons if mixture.basis != "full" else () for one, mixture in zip(there, chosen, strict=True))
        return Answer(
            quantiles[..., np.searchsorted(levels, asked)],
            tuple(mixture.basis for mixture in chosen),
            tuple(reasons),
            tuple(mixture.members for mixture in chosen),
        )

    def to_bytes(self) -> bytes:
        """Everything that was learned, without pickle."""
        document = {
            "kind": self.kind,
            "task": _task_document(self.task),
            "trained": list(self.trained),
            "mixtures": [_mixture_document(mixture) for mixture in self.mixtures],
            "past": None if self.past is None else _past_document(self.past),
        }
        arrays: dict[str, NDArray[Any]] = {}
        arrays |= {f"trained {name}": np.frombuffer(one.to_bytes(), np.uint8) for name, one in self.trained.items()}
        for place, mixture in enumerate(self.mixtures):
            arrays |= {f"{place} {name}": of for name, of in mixture.calibration.to_arrays().items()}
            arrays |= {f"{place} lead_edges": mixture.weights.lead_edges_h, f"{place} shares": mixture.weights.shares}
        if self.past is not None:
            arrays |= {"past origins": self.past.origins, "past surprises": self.past.surprises.astype(np.float32)}
        return packed(document, arrays)

    @classmethod
    def from_bytes(cls, kept: bytes, models: Mapping[str, Model] = MODELS) -> Self:
        document, arrays = unpacked(kept)
        trained = {
            name: models[name].trained.from_bytes(arrays[f"trained {name}"].tobytes()) for name in document["trained"]
        }
        mixtures = [_mixture_from(one, place, arrays) for place, one in enumerate(document["mixtures"])]
        past = None if document["past"] is None else _past_from(document["past"], arrays)
        return cls(document["kind"], _task_from(document["task"]), trained, tuple(mixtures), past)

    def _mixture(self, there: frozenset[Need]) -> Mixture:
        """The mixtures are sorted, the richest first; the last one needs nothing."""
        possible = [mixture for mixture in self.mixtures if mixture.there <= there]
        if not possible:
            raise NotEnoughHistory("no model can work on what is there; bring observations or a weather forecast")
        return possible[0]

    def _mixed(self, mixture: Mixture, known: Sequence[Known], times: Moments, levels: Floats) -> Floats:
        raw = self.uncalibrated(mixture, known, times, levels)
        honest = conformal.calibrated(
            mixture.calibration,
            raw.quantiles,
            levels,
            lead_h=raw.lead_h,
            regime=raw.regime,
            lower=0.0,
            upper=raw.upper,
        )
        return (honest * raw.scale[:, None]).reshape(len(known), len(times), len(levels))

    def uncalibrated(self, mixture: Mixture, known: Sequence[Known], times: Moments, levels: Floats) -> Uncalibrated:
        """What the members say together, before the past corrects it."""
        scale = np.repeat(scales(known), len(times))
        leads_h = (times - known[0].origin) / np.timedelta64(3600, "s")
        said = np.stack([self._said(*member, known, times, levels) for member in _heard(mixture, leads_h)])
        points = said.reshape(len(said), -1, len(levels)) / scale[:, None]
        lead_h = np.tile(leads_h, len(known))
        mixed = rising(combination.combined(mixture.weights, points, lead_h))
        regime = np.concatenate([regimes(one, mixed_of, levels, times) for one, mixed_of in _each(known, mixed)])
        return Uncalibrated(mixed, lead_h, regime, _upper(known, times, scales(known)), scale)

    def mixture_for(self, known: Known, times: Moments) -> Mixture:
        """The richest mixture that what is there allows."""
        return self._mixture(availabilities([known], times)[0].there)

    def _said(self, name: str, heard: bool, known: Sequence[Known], times: Moments, levels: Floats) -> Floats:
        """What a member says, or silence where nobody would listen."""
        if heard:
            return self.trained[name].quantiles(known, times, levels)
        return np.full((len(known), len(times), len(levels)), np.nan)


def _heard(mixture: Mixture, leads_h: Floats) -> list[tuple[str, bool]]:
    """The members, and whether any of these leads gives them weight: the others need not be asked."""
    shares = mixture.weights.at(leads_h).max(axis=0)
    return [(name, bool(share >= HEARD_FROM)) for name, share in zip(mixture.members, shares, strict=True)]


def scales(known: Sequence[Known]) -> Floats:
    """By what a series is divided to be like others: its capacity, or its usual size."""
    return np.array([_scale(one) for one in known])


def _scale(known: Known) -> float:
    capacity = known.capacity_mw(np.array([known.origin]))[0]
    if np.isfinite(capacity) and capacity > 0:
        return float(capacity)
    there = np.abs(known.observed.values[np.isfinite(known.observed.values)])
    return float(there.mean()) or 1.0 if len(there) else 1.0


def _upper(known: Sequence[Known], times: Moments, scale: Floats) -> Floats:
    capacity = np.stack([one.capacity_mw(times) for one in known]) / scale[:, None]
    return np.where(np.isfinite(capacity), capacity, np.inf).ravel()


def _each(known: Sequence[Known], points: Floats) -> list[tuple[Known, Floats]]:
    return list(zip(known, points.reshape(len(known), -1, points.shape[1]), strict=True))


def regimes(known: Known, quantiles: Floats, levels: Floats, times: Moments) -> NDArray[np.intp]:
    median = at_levels(quantiles, levels, np.array([0.5]))[:, 0] if len(levels) > 1 else quantiles[:, 0]
    return regime_of(known.series, median, times)


def _task_document(task: Task) -> dict[str, Any]:
    since = None if task.train_from is None else str(task.train_from)
    return {**asdict(task), "train_from": since, "origins_utc_h": list(task.origins_utc_h)}


def _task_from(document: dict[str, Any]) -> Task:
    since = document["train_from"]
    origins = tuple(document["origins_utc_h"])
    return Task(**{**document, "origins_utc_h": origins, "train_from": None if since is None else np.datetime64(since)})


def _mixture_document(mixture: Mixture) -> dict[str, Any]:
    return {"there": sorted(mixture.there), "basis": mixture.basis, "members": mixture.members}


def _mixture_from(document: dict[str, Any], place: int, arrays: Mapping[str, Floats]) -> Mixture:
    mine = {name.split(" ", 1)[1]: of for name, of in arrays.items() if name.startswith(f"{place} ")}
    weights = combination.Weights(mine.pop("lead_edges"), mine.pop("shares"))
    there = frozenset(document["there"])
    members = tuple(document["members"])
    return Mixture(there, document["basis"], members, weights, conformal.Calibration.from_arrays(mine))


def _past_document(past: Past) -> dict[str, Any]:
    return {"series": past.series, "step_min": past.step_min, "scores": past.scores}


def _past_from(document: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Past:
    surprises = arrays["past surprises"].astype(np.float64)
    series = tuple(document["series"])
    return Past(series, arrays["past origins"], document["step_min"], surprises, document["scores"])
