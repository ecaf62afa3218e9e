"""It goes on as it is: the last values that were known, with the errors that this has made before.

Wind keeps its last value. Load and sun repeat the newest day that was known at the same hour, sun in proportion to a
clear sky. Errors of the past by lead time make the quantiles: hard to beat within the hour, easily beaten in a day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from grid_models.forecast import SeriesKind
from grid_models.quantities import Floats
from services.forecast.features.questions import Places, capacity_mw, hours, span
from services.forecast.known import Known, Moments, Observed
from services.forecast.models import kept
from services.forecast.models.base import Need, NotEnoughHistory, Task, Trained
from services.forecast.models.training_rows import past_origins
from services.forecast.physical.sun import clear_sky_over_step_w_per_m2
from services.forecast.probabilistic.quantile_functions import at_levels, rising

LEVELS = np.array([0.01, *np.arange(0.05, 0.96, 0.05), 0.99])
LEAD_EDGES_H = np.array([0.5, 1, 2, 3, 4, 6, 9, 12, 18, 24, 36, 48, 72, 120, 168, 336, 744.0])
ORIGINS_MAX = 300
STEPS_MAX = 48
DAYS_BACK_MAX = 31


@dataclass(frozen=True)
class TrainedPersistence:
    """Errors of each series by name: groups of lead time x levels, in the unit of the series over its scale."""

    errors: Mapping[str, Floats]
    step_min: int

    def quantiles(self, known: Sequence[Known], times: Moments, levels: Floats) -> Floats:
        return np.stack([self._of(one, times, levels) for one in known])

    def _of(self, known: Known, times: Moments, levels: Floats) -> Floats:
        errors = self.errors.get(known.series.name)
        if errors is None:
            errors = np.mean(list(self.errors.values()), axis=0)
        point, age_h = repeated(known, times, self.step_min)
        scale = _scale(known, times, self.step_min)
        group = np.searchsorted(LEAD_EDGES_H, age_h)
        said = point[:, None] + at_levels(errors[group], LEVELS, levels) * scale[:, None]
        upper = capacity_mw(known, times) if known.series.kind in ("wind", "solar") else np.full(len(times), np.inf)
        return np.clip(rising(said), 0, upper[:, None])

    def to_bytes(self) -> bytes:
        names = list(self.errors)
        return kept.packed({"names": names, "step_min": self.step_min}, {"errors": np.array([*self.errors.values()])})

    @classmethod
    def from_bytes(cls, kept_bytes: bytes) -> Self:
        document, arrays = kept.unpacked(kept_bytes)
        return cls(dict(zip(document["names"], arrays["errors"], strict=True)), document["step_min"])


@dataclass(frozen=True)
class Persistence:
    """Learns how wrong it is to think that nothing changes."""

    name: ClassVar[str] = "persistence"
    kinds: ClassVar[frozenset[SeriesKind]] = frozenset({"load", "wind", "solar", "hydro_inflow"})
    needs: ClassVar[frozenset[Need]] = frozenset({"history"})
    trained: ClassVar[type[Trained]] = TrainedPersistence

    def train(self, known: Sequence[Known], task: Task) -> TrainedPersistence:
        errors = {one.series.name: of for one in known if (of := _errors(one, task)) is not None}
        if not errors:
            raise NotEnoughHistory("no series has two days of observed values: persistence has no errors to learn from")
        return TrainedPersistence(errors, task.step_min)


def repeated(known: Known, times: Moments, step_min: int) -> tuple[Floats, Floats]:
    """What was last known, and how far back it lies in hours; 0 where nothing was ever known."""
    observed = known.observed
    finite = np.isfinite(observed.values)
    seen, values = observed.times[finite], observed.values[finite]
    if not len(seen):
        return np.zeros(len(times)), np.full(len(times), LEAD_EDGES_H[-1])
    last = np.array([len(seen) - 1])
    point, age_h = _repeated(known, Observed(seen, values, seen), last, times[None], step_min)
    return point[0], age_h[0]


def _repeated(known: Known, seen: Observed, last: Places, times: Moments, step_min: int) -> tuple[Floats, Floats]:
    """The same for several origins: times [origins, steps] from the values up to the last one that each knew."""
    newest = seen.times[last][:, None]
    if known.series.kind == "wind":
        return np.broadcast_to(seen.values[last][:, None], times.shape), hours(times - newest)
    # The newest day at which the same time was seen.
    back_days = np.maximum(np.ceil(hours(times - newest) / 24), 1).astype(int)
    source = times - back_days * np.timedelta64(1, "D")
    found = np.maximum(np.searchsorted(seen.times, source, side="right") - 1, 0)
    now, then = _scale(known, times, step_min), _scale(known, seen.times[found], step_min)
    return seen.values[found] * np.clip(now / np.maximum(then, 1e-6), 0, 3), hours(times - source)


def _scale(known: Known, times: Moments, step_min: int) -> Floats:
    """In what proportion errors count: clear sky for sun, all alike for the rest."""
    if known.series.kind != "solar" or known.series.latitude is None or known.series.longitude is None:
        return np.ones(times.shape)
    clear = clear_sky_over_step_w_per_m2(times, step_min, known.series.latitude, known.series.longitude)
    lit: Floats = np.where(clear > 1.0, np.maximum(clear, 20.0), 0.0) / 1000
    return lit


def _errors(known: Known, task: Task) -> Floats | None:
    """Errors at past origins by how far back the repeated value lay."""
    error, age_h = _past_errors(known, task)
    error, age_h = error[np.isfinite(error)], age_h[np.isfinite(error)]
    if len(error) < 20:
        return None
    group = np.searchsorted(LEAD_EDGES_H, age_h)
    table = np.zeros((len(LEAD_EDGES_H) + 1, len(LEVELS)))
    for one in range(len(table)):
        # Where this distance was never met, all that are as far or farther stand in, or all there are.
        near = next(of for of in (error[group == one], error[group >= one], error) if len(of) >= 20)
        table[one] = np.quantile(near, LEVELS)
    return table


def _past_errors(known: Known, task: Task) -> tuple[Floats, Floats]:
    """Origins x steps: how wrong repeating was, over the scale, and how far back the repeated value lay."""
    finite = np.isfinite(known.observed.values)
    observed = known.observed
    seen = Observed(observed.times[finite], observed.values[finite], observed.known_at[finite])
    origins = past_origins(known, task, np.random.default_rng(task.seed))
    if len(origins):
        origins = origins[np.unique(np.linspace(0, len(origins) - 1, ORIGINS_MAX).astype(int))]
    last = _last_known(seen, origins)
    recent = (last >= 0) & (seen.times[last] >= origins - np.timedelta64(2 * DAYS_BACK_MAX, "D"))
    origins, last = origins[recent], last[recent]
    times = origins[:, None] + span(task.first_lead_h) + _steps(task, len(origins))
    point, age_h = _repeated(known, seen, last, times, task.step_min)
    scale = _scale(known, times, task.step_min)
    return (known.observed.at(times) - point) / np.where(scale > 0, scale, np.nan), age_h


def _last_known(seen: Observed, origins: Moments) -> Places:
    """Of each origin: the newest value that was known; -1 where none was. Values may come in any order."""
    order = np.argsort(seen.known_at, kind="stable")
    newest = np.concatenate([[-1], np.maximum.accumulate(order)]).astype(np.intp)
    return newest[np.searchsorted(seen.known_at[order], origins, side="right")]


def _steps(task: Task, origins: int) -> NDArray[np.timedelta64]:
    """Of each origin some steps of the task, evenly: quarter hours of one day resemble each other."""
    steps = round((task.last_lead_h - task.first_lead_h) * 60 / task.step_min)
    every = -(-steps // STEPS_MAX)
    place = (np.arange(0, steps, every) + np.arange(origins)[:, None] % every) % steps
    return place * np.timedelta64(task.step_min * 60, "s")
