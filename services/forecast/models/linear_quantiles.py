"""Load by linear quantile regression: straight lines, so it goes where no history has been, as trees cannot.

Each level is fitted by iteratively reweighted least squares on its pinball loss (Koenker and Bassett 1978;
Schlossmacher 1973), with a rein on the slopes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from grid_models.forecast import SeriesKind
from grid_models.quantities import Floats
from services.forecast.features.load import load_columns, load_rows, table_of
from services.forecast.known import Known, Moments
from services.forecast.models.base import Need, NotEnoughHistory, Task, Trained
from services.forecast.models.kept import packed, unpacked
from services.forecast.models.load_boosting import level_or_complain
from services.forecast.models.ridge import Ridge, ridge
from services.forecast.probabilistic.quantile_functions import at_levels, rising

LEVELS = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)
ROWS_MAX = 8_000
ROWS_MIN = 500
ROUNDS = 6
REIN = 0.02
KINDS = {"hour": 24, "weekday": 7}
"""Columns that stand for a kind, not for a quantity, and how many kinds there are."""
NOT_STRAIGHT = frozenset({*KINDS, "hour_of_week", "day_of_year", "festival", "lunar_days", "holiday_rank", "years"})
BY_HOUR = ("free", "load_1d_ago", "load_7d_ago", "load_last_24h")


@dataclass(frozen=True)
class TrainedLinearQuantiles:
    """One line for each level, over named columns."""

    step_min: int
    names: tuple[str, ...]
    centre: Floats
    """Of each column: what a gap is taken for."""
    lines: tuple[Ridge, ...]

    def quantiles(self, known: Sequence[Known], times: Moments, levels: Floats) -> Floats:
        return np.stack([self._of_one(one, times, levels) for one in known])

    def _of_one(self, known: Known, times: Moments, levels: Floats) -> Floats:
        table = table_of(load_columns(known, times, self.step_min), self.names)
        design = _design(table, self.names, self.centre)
        said = rising(np.column_stack([line(design) for line in self.lines]))
        relative = at_levels(said, np.array(LEVELS), levels)
        return rising(np.exp(relative) * level_or_complain(known))

    def to_bytes(self) -> bytes:
        lines = np.stack([line.to_array() for line in self.lines])
        return packed({"step_min": self.step_min, "names": self.names}, {"lines": lines, "centre": self.centre})

    @classmethod
    def from_bytes(cls, kept: bytes) -> Self:
        document, arrays = unpacked(kept)
        lines = tuple(Ridge.from_array(line) for line in arrays["lines"])
        return cls(document["step_min"], tuple(document["names"]), arrays["centre"], lines)


class LinearQuantiles:
    """Needs weeks of load; weather forecasts where there are any."""

    name: ClassVar[str] = "linear_quantiles"
    kinds: ClassVar[frozenset[SeriesKind]] = frozenset({"load"})
    needs: ClassVar[frozenset[Need]] = frozenset({"history"})
    trained: ClassVar[type[Trained]] = TrainedLinearQuantiles

    def train(self, known: Sequence[Known], task: Task) -> TrainedLinearQuantiles:
        rows = load_rows(known, task, ROWS_MAX)
        if len(rows.answer) < ROWS_MIN:
            raise NotEnoughHistory(f"load: needs {ROWS_MIN} steps that were observed, has {len(rows.answer)}")
        there = np.isfinite(rows.table)
        centre = np.where(there, rows.table, 0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
        design = _design(rows.table, rows.names, centre)
        lines = tuple(quantile_line(design, rows.answer, level) for level in LEVELS)
        return TrainedLinearQuantiles(task.step_min, rows.names, centre, lines)


def quantile_line(design: Floats, actual: Floats, level: float) -> Ridge:
    """The line below which this share of the values lies."""
    line = _moved(ridge(design, actual, np.ones(len(actual)), REIN), design, actual, level)
    nearest = 0.05 * float(np.abs(actual - line(design)).mean()) + 1e-9
    for _ in range(ROUNDS):
        miss = actual - line(design)
        weights = np.where(miss > 0, level, 1 - level) / np.maximum(np.abs(miss), nearest)
        line = ridge(design, actual, weights, REIN)
    return _moved(line, design, actual, level)


def _moved(line: Ridge, design: Floats, actual: Floats, level: float) -> Ridge:
    """Up or down until the share is right: few rounds of reweighting come near, not all the way."""
    return replace(line, level=line.level + float(np.quantile(actual - line(design), level)))


def _design(table: Floats, names: tuple[str, ...], centre: Floats) -> Floats:
    """Straight columns, squares of temperatures, one column for each hour and weekday, some slopes by hour."""
    filled = np.where(np.isfinite(table), table, centre)
    columns = dict(zip(names, filled.T, strict=True))
    kinds = {
        name: (columns[name].astype(int)[:, None] == np.arange(count)).astype(np.float64)
        for name, count in KINDS.items()
    }
    straight = [of for name, of in columns.items() if name not in NOT_STRAIGHT]
    middle = dict(zip(names, centre, strict=True))
    curved = [(of - middle[name]) ** 2 for name, of in columns.items() if name.startswith("temperature")]
    by_hour = [kinds["hour"] * columns[name][:, None] for name in BY_HOUR]
    return np.column_stack([*straight, *curved, *kinds.values(), *by_hour])
