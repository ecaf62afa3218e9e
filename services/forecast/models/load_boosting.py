"""Load by gradient boosting: quantiles of load over its level, one set of trees for all loads and all lead times."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from grid_models.forecast import SeriesKind
from grid_models.quantities import Floats
from services.forecast.features.load import level_mw, load_columns, load_rows, table_of
from services.forecast.known import Known, Moments
from services.forecast.models.base import Need, NotEnoughHistory, Task, Trained
from services.forecast.models.boosted import Boosted, boosted
from services.forecast.models.kept import packed, unpacked
from services.forecast.probabilistic.quantile_functions import at_levels, rising

ROWS_MAX = 40_000
ROWS_MIN = 500


@dataclass(frozen=True)
class TrainedLoadBoosting:
    """Trees over named columns."""

    step_min: int
    names: tuple[str, ...]
    trees: Boosted
    threads: int = 1

    def quantiles(self, known: Sequence[Known], times: Moments, levels: Floats) -> Floats:
        tables = [table_of(load_columns(one, times, self.step_min), self.names) for one in known]
        said = self.trees.quantiles(np.concatenate(tables).astype(np.float32), self.threads)
        relative = at_levels(rising(said), self.trees.levels, levels).reshape(len(known), len(times), len(levels))
        return rising(np.exp(relative) * np.array([level_or_complain(one) for one in known])[:, None, None])

    def to_bytes(self) -> bytes:
        document = {"step_min": self.step_min, "names": self.names, "texts": self.trees.texts, "threads": self.threads}
        return packed(document, {"levels": self.trees.levels})

    @classmethod
    def from_bytes(cls, kept: bytes) -> Self:
        document, arrays = unpacked(kept)
        trees = Boosted(arrays["levels"], tuple(document["texts"]))
        return cls(document["step_min"], tuple(document["names"]), trees, document["threads"])


class LoadBoosting:
    """Needs weeks of load; weather forecasts where there are any, kept issue by issue."""

    name: ClassVar[str] = "load_boosting"
    kinds: ClassVar[frozenset[SeriesKind]] = frozenset({"load"})
    needs: ClassVar[frozenset[Need]] = frozenset({"history"})
    trained: ClassVar[type[Trained]] = TrainedLoadBoosting

    def train(self, known: Sequence[Known], task: Task) -> TrainedLoadBoosting:
        rows = load_rows(known, task, ROWS_MAX)
        if len(rows.answer) < ROWS_MIN:
            raise NotEnoughHistory(f"load: needs {ROWS_MIN} steps that were observed, has {len(rows.answer)}")
        trees = boosted(rows.table.astype(np.float32), rows.answer, seed=task.seed, threads=task.threads)
        return TrainedLoadBoosting(task.step_min, rows.names, trees, task.threads)


def level_or_complain(known: Known) -> float:
    """Mean load of the last weeks, without which nothing can be said in megawatts."""
    level = level_mw(known)
    if not level > 0:
        raise NotEnoughHistory(f"{known.series.name}: no load is known before {known.origin}")
    return level
