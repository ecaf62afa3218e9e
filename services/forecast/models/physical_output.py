"""Physics with honest errors: what the weather should make of the plant, and how far off that usually is.

Usable on the first day of a plant, from its description alone. History, when it comes, teaches the plant's own answer
(`Plants`) and replaces the usual errors by its own (`Calibration`), the more the longer it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from grid_models.forecast import SeriesKind
from grid_models.quantities import Floats
from services.forecast.features.questions import Questions, now
from services.forecast.features.weather import sources_of
from services.forecast.known import Known, Moments
from services.forecast.models import kept
from services.forecast.models.base import Task
from services.forecast.models.plants import Plants
from services.forecast.models.training_rows import training_questions
from services.forecast.probabilistic import conformal
from services.forecast.probabilistic.conformal import Calibration
from services.forecast.probabilistic.quantile_functions import at_levels, rising

POINTS_MAX = 100_000
REGIME_EDGES = np.array([0.05, 0.2, 0.45, 0.7])
LEAD_EDGES_H = np.array([6.0, 24.0, 72.0])
CALIBRATED_LEVELS = np.array([0.01, *np.arange(0.05, 0.96, 0.05), 0.99])


@dataclass(frozen=True)
class UsualErrors:
    """What came when physics expected so much: quantiles at some expectations, read on the line between them."""

    expected: Floats
    levels: Floats
    quantiles: Floats
    """Expectations x levels, as shares of what is possible."""

    def read(self, expected: Floats, levels: Floats) -> Floats:
        place = np.clip(np.searchsorted(self.expected, expected) - 1, 0, len(self.expected) - 2)
        share = np.clip((expected - self.expected[place]) / np.diff(self.expected)[place], 0, 1)[..., None]
        between = self.quantiles[place] + share * (self.quantiles[place + 1] - self.quantiles[place])
        return rising(at_levels(between, self.levels, levels))


@dataclass(frozen=True)
class TrainedPhysics:
    """The plants' answers, the usual errors, and what history says about them."""

    plants: Plants
    errors: UsualErrors
    calibration: Calibration | None
    step_min: int

    def quantiles(self, known: Sequence[Known], times: Moments, levels: Floats) -> Floats:
        asked = now(known, times, self.step_min)
        return self.shares(asked, levels) * asked.capacity_mw[:, :, None]

    def shares(self, asked: Questions, levels: Floats) -> Floats:
        """Quantiles of output over capacity: rows x steps x levels."""
        said, expected, possible = _uncalibrated(self.plants, self.errors, asked, levels)
        if self.calibration is not None:
            regime = conformal.level_regime(expected.ravel(), 1.0, REGIME_EDGES)
            flat = said.reshape(-1, len(levels))
            lead_h = asked.lead_h.ravel()
            said = conformal.calibrated(self.calibration, flat, levels, lead_h=lead_h, regime=regime).reshape(
                said.shape
            )
        said = np.where(np.isfinite(expected)[:, :, None], said, self.plants.usual_shares(asked, levels))
        answer: Floats = np.where(possible[:, :, None], np.clip(said, 0, 1), 0.0)
        return answer

    def to_bytes(self) -> bytes:
        document = {
            "plants": self.plants.document(),
            "step_min": self.step_min,
            "calibrated": self.calibration is not None,
        }
        errors = {"at": self.errors.expected, "at_levels": self.errors.levels, "came": self.errors.quantiles}
        calibration = {} if self.calibration is None else self.calibration.to_arrays()
        return kept.packed(document, {"usual": self.plants.usual, **errors, **calibration})

    @classmethod
    def from_bytes(cls, kept_bytes: bytes) -> Self:
        document, arrays = kept.unpacked(kept_bytes)
        plants = Plants.from_document(document["plants"], arrays["usual"])
        errors = UsualErrors(arrays["at"], arrays["at_levels"], arrays["came"])
        calibration = Calibration.from_arrays(arrays) if document["calibrated"] else None
        return cls(plants, errors, calibration, document["step_min"])


def trained(kind: SeriesKind, known: Sequence[Known], task: Task, errors: UsualErrors) -> TrainedPhysics:
    """Learns what history there is; with none, the description and the usual errors must do."""
    asked = training_questions(known, task, POINTS_MAX)
    actual = asked.actual_share
    plants = Plants.learned(kind, asked, actual, sources_of(asked))
    if not np.isfinite(actual).any():
        return TrainedPhysics(plants, errors, None, task.step_min)
    said, expected, possible = _uncalibrated(plants, errors, asked, CALIBRATED_LEVELS)
    use = (possible & np.isfinite(expected) & np.isfinite(actual)).ravel()
    if not use.any():
        return TrainedPhysics(plants, errors, None, task.step_min)
    return TrainedPhysics(plants, errors, _calibration(asked, actual, said, expected, use), task.step_min)


def _calibration(asked: Questions, actual: Floats, said: Floats, expected: Floats, use: Any) -> Calibration:
    return conformal.fitted(
        np.clip(actual.ravel()[use], 0, 1),
        said.reshape(-1, len(CALIBRATED_LEVELS))[use],
        CALIBRATED_LEVELS,
        lead_h=asked.lead_h.ravel()[use],
        regime=conformal.level_regime(expected.ravel()[use], 1.0, REGIME_EDGES),
        days=asked.times.ravel()[use].astype("datetime64[D]").astype(np.intp),
        lead_edges_h=LEAD_EDGES_H,
        regimes=len(REGIME_EDGES) + 1,
    )


def _uncalibrated(plants: Plants, errors: UsualErrors, asked: Questions, levels: Floats) -> tuple[Floats, Floats, Any]:
    """By the usual errors; what was expected; whether there can be output at all."""
    seen = plants.expected(asked)
    best = seen.table.columns.get("under_clear_sky", np.ones(asked.times.shape))
    of_possible = np.nan_to_num(seen.expected) / np.maximum(best, 1e-3)
    said = errors.read(of_possible, levels) * best[:, :, None]
    return np.clip(said, 0, 1), seen.expected, seen.possible
