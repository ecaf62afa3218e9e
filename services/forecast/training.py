"""From history to a champion: train a challenger, try it, and let it answer if it is better."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np

from grid_models.forecast import SeriesDescription, SeriesKind
from services.forecast.champions import models_for, slot_of
from services.forecast.ensemble import Ensemble
from services.forecast.errors import Unusable
from services.forecast.horizons import Horizon
from services.forecast.known import Known, Moment
from services.forecast.models.base import NotEnoughHistory
from services.forecast.stacking import trained
from services.forecast.store import Store
from services.forecast.store.registry import ModelRecord
from services.forecast.store.series import now

NOT_MUCH_WORSE = 1.02
"""A challenger that has seen newer data may lose by this factor and still answer."""
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Wish:
    """What is to be trained."""

    kind: SeriesKind
    horizon: Horizon
    series: tuple[str, ...] = ()
    """Empty: all of the kind."""
    models: tuple[str, ...] = ()
    """Empty: all that can."""
    holdout_days: int = 28
    threads: int = 2


def train(store: Store, wish: Wish, origin: Moment, tell: Tell = lambda _words: None) -> list[ModelRecord]:
    """One challenger per step length of the series; each is promoted if it is at least about as good."""
    if origin > now():
        raise Unusable(f"origin: {origin} lies in the future; nothing can be known then", field="origin")
    described = _chosen(store, wish)
    by_step: dict[int, list[str]] = {}
    for one in described:
        by_step.setdefault(wish.horizon.step_of(one), []).append(one.name)
    return [_train(store, wish, origin, step_min, names, tell) for step_min, names in sorted(by_step.items())]


def all_of(store: Store, kind: SeriesKind) -> list[SeriesDescription]:
    """Every series of a kind."""
    found: list[SeriesDescription] = []
    while page := store.series.page(found[-1].name if found else "", 1000, kind):
        found += page
    return found


def _chosen(store: Store, wish: Wish) -> Sequence[SeriesDescription]:
    described = store.series.many(wish.series) if wish.series else all_of(store, wish.kind)
    of_kind(described, wish.kind)
    if not described:
        raise Unusable(f"there is no series of kind {wish.kind} to learn from; describe one and bring observations")
    return described


def of_kind(described: Sequence[SeriesDescription], kind: SeriesKind) -> None:
    """Refuses series of another kind: models are trained kind by kind."""
    for one in described:
        if one.kind != kind:
            raise Unusable(f"{one.name} is {one.kind}, not {kind}; train it with its own kind", field="series")


def _train(store: Store, wish: Wish, origin: Moment, step_min: int, names: Sequence[str], tell: Tell) -> ModelRecord:
    slot = slot_of(wish.kind, wish.horizon, step_min)
    tell(f"{slot}: reading {len(names)} series")
    known = [one for one in store.known_many(names, origin) if np.isfinite(one.observed.values).any()]
    if not known:
        raise NotEnoughHistory(f"{slot}: nothing has been observed yet; bring observations first")
    tell(f"{slot}: training on {len(known)} series")
    models = models_for(wish.kind, frozenset(wish.models) or None)
    ensemble = trained(models, known, wish.horizon.task(step_min, wish.threads), wish.holdout_days)
    record = store.models.add(
        slot,
        "+".join(ensemble.trained),
        wish.kind,
        ensemble.to_bytes(),
        trained_from=min(one.observed.times[0] for one in known),
        trained_until=origin,
        data_hash=data_hash(known),
        code_version=version("gridflex"),
        scores=_scores(ensemble, len(known)),
    )
    return _promoted_if_good(store, record, tell)


def data_hash(known: Sequence[Known]) -> str:
    """Of everything that the training saw of the series themselves."""
    digest = hashlib.sha256()
    for one in known:
        digest.update(one.series.name.encode())
        digest.update(one.observed.times.tobytes())
        digest.update(one.observed.values.tobytes())
    return digest.hexdigest()


def _scores(ensemble: Ensemble, series: int) -> dict[str, object]:
    """Of capacity or mean load, and the weights of the members a day ahead."""
    tried = {} if ensemble.past is None else ensemble.past.scores
    richest = ensemble.mixtures[0]
    weights = dict(zip(richest.members, richest.weights.at(np.array([24.0]))[0].round(3).tolist(), strict=True))
    return {**tried, "series": series, "weights": weights}


def _promoted_if_good(store: Store, record: ModelRecord, tell: Tell) -> ModelRecord:
    champion = store.models.champion(record.slot)
    if champion is not None and not _good_enough(record, champion):
        tell(f"{record.slot}: version {record.version} stays challenger; {champion.version} answers on")
        return record
    tell(f"{record.slot}: version {record.version} answers from now on")
    return store.models.promote(record.slot, record.version)


def _good_enough(challenger: ModelRecord, champion: ModelRecord) -> bool:
    """By pinball loss on the days that each was tried on; one that could not be tried beats nobody that was."""
    ours, theirs = challenger.scores.get("pinball"), champion.scores.get("pinball")
    if theirs is None:
        return True
    return ours is not None and ours <= NOT_MUCH_WORSE * theirs
