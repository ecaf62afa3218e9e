"""Which ensemble answers: the champion of its slot, or, where nobody has trained one, models that need no training."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from grid_models.forecast import SeriesKind
from services.forecast.adapting import ADAPTED, with_adapted
from services.forecast.ensemble import Ensemble
from services.forecast.errors import Unusable
from services.forecast.horizons import Horizon
from services.forecast.known import Known
from services.forecast.models.base import Model
from services.forecast.models.registry import MODELS, ONLY_BY_NAME
from services.forecast.stacking import trained
from services.forecast.store import Store

COLD = frozenset({"climatology", "persistence", "similar_day", "physical_solar", "physical_wind"})
"""Quick enough to be trained while somebody waits."""
COLD_HOLDOUT_DAYS = 7
COLD_KEPT = 32
UNTRAINED = "no model has been trained for this horizon yet: baselines answer"


def slot_of(kind: SeriesKind, horizon: Horizon, step_min: int) -> str:
    """Where models compete, such as `solar day-ahead 15 min`."""
    return f"{kind} {horizon.name} {step_min} min"


def models_for(kind: SeriesKind, names: frozenset[str] | None = None) -> dict[str, Model]:
    """All models that forecast this kind unasked, or those that are named."""
    possible = {name: model for name, model in MODELS.items() if kind in model.kinds}
    if names is None:
        return {name: model for name, model in possible.items() if name not in ONLY_BY_NAME}
    if not possible:
        raise Unusable(f"{kind} is not forecast here; bring a forecast of it", field="series")
    unknown = sorted(names - possible.keys())
    if unknown:
        raise Unusable(
            f"models: there is no {unknown[0]} for {kind}; accepted are {', '.join(possible)}", field="models"
        )
    return {name: model for name, model in possible.items() if name in names}


@dataclass
class Champions:
    """The champions in memory, brought up to date from the store when another one is promoted."""

    store: Store
    _held: dict[str, tuple[int, str, Ensemble]] = field(default_factory=dict)
    _cold: dict[tuple[str, ...], Ensemble] = field(default_factory=dict)

    def of(self, slot: str) -> tuple[str, Ensemble] | None:
        """Name with version, and the ensemble; None where the slot has no champion."""
        record = self.store.models.champion(slot)
        if record is None:
            return None
        adapted_until = record.scores.get(ADAPTED, {}).get("until", "")
        held = self._held.get(slot)
        if held is None or held[:2] != (record.version, adapted_until):
            ensemble = Ensemble.from_bytes(self.store.models.payload(slot, record.version))
            held = (record.version, adapted_until, with_adapted(ensemble, record.scores))
            self._held[slot] = held
        return f"{slot} v{record.version}", held[2]

    def cold(self, known: Sequence[Known], horizon: Horizon, step_min: int) -> Ensemble:
        """Baselines and physics, trained on the spot on whatever there is; kept for the rest of the day."""
        first = known[0]
        day = str(first.origin.astype("datetime64[D]"))
        asked = (slot_of(first.series.kind, horizon, step_min), day, *(one.series.name for one in known))
        if asked not in self._cold:
            if len(self._cold) >= COLD_KEPT:
                self._cold.clear()
            self._cold[asked] = _cold(known, horizon, step_min)
        return self._cold[asked]


def _cold(known: Sequence[Known], horizon: Horizon, step_min: int) -> Ensemble:
    models = {name: model for name, model in models_for(known[0].series.kind).items() if name in COLD}
    return trained(models, known, horizon.task(step_min), COLD_HOLDOUT_DAYS)
